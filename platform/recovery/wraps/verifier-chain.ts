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
const NOTE_BYTES_MAX = 4000
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

/** A link of the chain: the number of the next key, and the key. */
interface Link {
  readonly number: number
  readonly key: VerifierKey
}

/** What a note says that this key signed; null for anything else. */
function linkIn(text: string, signer: VerifierKey): Link | null {
  try {
    const [title, told = '', vkey = '', ...rest] = openNote(text, [signer]).text.split('\n')
    if (title !== TITLE || !/^[1-9]\d{0,3}$/.test(told) || rest.join('') !== '') return null
    return { number: Number(told), key: parseVerifierKey(vkey) }
  } catch (error) {
    // Not signed by this key, or no such note: whoever may write to a store can put anything there.
    if (!(error instanceof LedgerError)) throw error
    return null
  }
}

/**
 * The one that this key named as its successor. A key names one, once, and nothing after it: where there are two, one was made
 * with a stolen key, and nobody can tell which.
 */
function successorOf(signer: VerifierKey, after: number, notes: readonly StoredNote[]): Link | null {
  const named = new Map<string, Link>()
  for (const { path, text } of notes) {
    const link = linkIn(text, signer)
    if (link === null || !path.endsWith(pathOf('', link.number))) continue
    named.set(`${link.number} ${formatVerifierKey(link.key)}`, link)
  }
  const [link] = named.values()
  return named.size === 1 && link !== undefined && (after === 0 || link.number === after + 1) ? link : null
}

/**
 * The verifier keys of a folder, the newest last, with those that succeeded the newest, as far as each is named by the one
 * before it. An older key names nobody any more: whoever stole it adds nothing; neither does what is forged, out of order,
 * repeated or damaged in one region. So a recovery folder that was elsewhere during a rotation verifies what came after.
 */
export async function withSuccessors(
  trusted: readonly VerifierKey[],
  { stores, system }: { readonly stores: readonly ObjectStore[]; readonly system: string },
): Promise<readonly VerifierKey[]> {
  const keys = [...trusted]
  const notes = await storedNotes(stores, system)
  let [signer, number] = [keys.at(-1), 0]
  while (signer !== undefined) {
    const next = successorOf(signer, number, notes)
    if (next === null || keys.some(({ keyId }) => keyId === next.key.keyId)) break
    keys.push(next.key)
    ;[signer, number] = [next.key, next.number]
  }
  return keys
}

interface StoredNote {
  readonly path: string
  readonly text: string
}

/** The text of a note; null where it is damaged, gone or away: another region has it too, or what it adds is missed where it is needed. */
async function noteAt(store: ObjectStore, path: string): Promise<string | null> {
  try {
    return Buffer.from(await store.get(path)).toString('utf8')
  } catch (error) {
    if (!(error instanceof RepositoryError)) throw error
    return null
  }
}

async function storedNotes(stores: readonly ObjectStore[], system: string): Promise<readonly StoredNote[]> {
  const links = Array.from({ length: LINKS_MAX }, (_, index) => pathOf(system, index + 2))
  const [paths, notes] = [new Set(links), [] as StoredNote[]]
  for (const store of stores)
    try {
      for await (const { path, bytes } of store.list(folderOf(system))) {
        // Nothing else is looked at, however much somebody put there.
        if (!paths.has(path) || bytes > NOTE_BYTES_MAX) continue
        const text = await noteAt(store, path)
        if (text !== null) notes.push({ path, text })
      }
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error
    }
  return notes
}
