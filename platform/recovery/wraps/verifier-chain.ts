import { RepositoryError, type ObjectStore } from '#backup'
import {
  formatVerifierKey,
  LedgerError,
  openNote,
  parseVerifierKey,
  signNote,
  type NoteSigner,
  type VerifierKey,
} from '#ledger'
import { numberedFiles } from './key-folder.ts'

/** In the key folder, and below `SYSTEM/verifiers/` in every store: the next verifier key, signed by the one before it. */
const KIND = 'backup-succession'
const TITLE = 'surety-backups succession'
const NOTE_CHARACTERS_MAX = 4000
/** More rotations than a store lives through; whatever lies there beyond them is not read. */
const LINKS_MAX = 200

/** A note in which the key that signs so far names the next one and its number. */
export function successionNote(signer: NoteSigner, number: number, next: VerifierKey): string {
  return signNote(`${TITLE}\n${number}\n${formatVerifierKey(next)}\n`, [signer])
}

/** The kind of file that these notes are kept as in the key folder. */
export const SUCCESSION = KIND

/** The place of the notes of a system in every store. */
function folderOf(system: string): string {
  return `${system}/verifiers/`
}

function pathOf(system: string, number: number): string {
  return `${folderOf(system)}${String(number).padStart(4, '0')}.note`
}

/** Stores the notes of the key folder in every region that lacks one; a region that is away gets them with the next run. */
export async function publishSuccession(
  keysFolder: string,
  { stores, system }: { readonly stores: readonly ObjectStore[]; readonly system: string },
): Promise<void> {
  const notes = await numberedFiles(keysFolder, KIND)
  if (notes.length === 0) return
  for (const store of stores)
    try {
      const there = new Set<string>()
      for await (const { path } of store.list(folderOf(system))) there.add(path)
      for (const { number, text } of notes) {
        const path = pathOf(system, number)
        if (!there.has(path)) await store.put(path, Buffer.from(text), { retainUntil: null })
      }
    } catch (error) {
      if (!(error instanceof RepositoryError) || error.code !== 'unreachable') throw error
    }
}

/** The key of a note that one of the trusted keys signed for this number; null for anything else. */
function successorIn(text: string, number: number, trusted: readonly VerifierKey[]): VerifierKey | null {
  if (text.length > NOTE_CHARACTERS_MAX) return null
  try {
    const { text: said } = openNote(text, trusted)
    const [title, told, vkey = '', ...rest] = said.split('\n')
    if (title !== TITLE || told !== String(number) || rest.join('') !== '') return null
    return parseVerifierKey(vkey)
  } catch (error) {
    // Not signed by a key that is trusted, or no such note: whoever may write to a store can put anything there.
    if (!(error instanceof LedgerError)) throw error
    return null
  }
}

/**
 * The trusted verifier keys with those that succeeded them, as far as each is signed by one before it; what is forged, out of
 * order or damaged in one region adds nothing. So a recovery folder that was elsewhere during a rotation verifies what came after.
 */
export async function withSuccessors(
  trusted: readonly VerifierKey[],
  { stores, system }: { readonly stores: readonly ObjectStore[]; readonly system: string },
): Promise<readonly VerifierKey[]> {
  const keys = [...trusted]
  const notes = await storedNotes(stores, system)
  for (const { number, text } of notes) {
    const next = successorIn(text, number, keys)
    if (next !== null && !keys.some(({ keyId }) => keyId === next.keyId)) keys.push(next)
  }
  return keys
}

async function storedNotes(
  stores: readonly ObjectStore[],
  system: string,
): Promise<readonly { readonly number: number; readonly text: string }[]> {
  const notes: { readonly number: number; readonly text: string }[] = []
  for (const store of stores)
    try {
      let found = 0
      for await (const { path } of store.list(folderOf(system))) {
        const number = Number(/\/(\d{4})\.note$/.exec(path)?.[1] ?? Number.NaN)
        if (Number.isNaN(number) || (found += 1) > LINKS_MAX) continue
        notes.push({ number, text: Buffer.from(await store.get(path)).toString('utf8') })
      }
    } catch (error) {
      // Another region has them too, or what they would add is missed where it is needed.
      if (!(error instanceof RepositoryError)) throw error
    }
  return notes.toSorted((a, b) => a.number - b.number)
}
