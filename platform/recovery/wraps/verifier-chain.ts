import { RepositoryError, type BackupVerifier, type ObjectStore } from '#backup'
import {
  formatVerifierKey,
  LedgerError,
  openNote,
  parseVerifierKey,
  signNote,
  type NoteSigner,
  type VerifierKey,
} from '#ledger'
import { DAY, secondsAfter } from '../../kernel/clock.ts'
import { numberedFiles } from './key-folder.ts'

/** In the key folder, and below `SYSTEM/verifiers/` in every store: the next verifier key, signed by the one before it. */
const KIND = 'backup-succession'
const TITLE = 'surety-backups succession'
const NOTE_BYTES_MAX = 4000
/** More rotations than a store lives through; whatever lies there beyond them is not read. */
const LINKS_MAX = 200

/** What a key that signs backups says when it is followed by another: of which system, by which key, its number, and since when. */
export interface Succession {
  readonly system: string
  readonly number: number
  readonly next: VerifierKey
  readonly endedAt: Date
}

/** A note in which the key that signs so far names the next one. */
export function successionNote(signer: NoteSigner, { system, number, next, endedAt }: Succession): string {
  const lines = [TITLE, number, formatVerifierKey(next), system, endedAt.toISOString()]
  return signNote(`${lines.join('\n')}\n`, [signer])
}

/** The last moment that what a key signed may name: its end, and a day for clocks and what was being written. */
export function untilOf(endedAt: Date): Date {
  return secondsAfter(endedAt, DAY)
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
  /** Null in notes of a former form, which named neither system nor end. */
  readonly endedAt: Date | null
}

const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** What a note says that this key signed; null for anything else. */
function linkIn(text: string, signer: VerifierKey, system: string): Link | null {
  try {
    const [title, told = '', vkey = '', ...rest] = openNote(text, [signer]).text.split('\n')
    if (title !== TITLE || !/^[1-9]\d{0,3}$/.test(told)) return null
    const [named = '', end = '', last, ...more] = rest
    const former = rest.length === 1 && named === ''
    // What another system says, whose key folder is a copy of this one, counts there alone.
    if (!former && (named !== system || !moment.test(end) || last !== '' || more.length > 0)) return null
    const endedAt = former ? null : new Date(end)
    if (endedAt !== null && Number.isNaN(endedAt.getTime())) return null
    return { number: Number(told), key: parseVerifierKey(vkey), endedAt }
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
function successorOf(signer: VerifierKey, after: number, links: readonly Link[]): Link | null {
  const named = new Map<string, Link>()
  for (const link of links) named.set(`${link.number} ${formatVerifierKey(link.key)}`, link)
  const [link] = named.values()
  return named.size === 1 && link !== undefined && (after === 0 || link.number === after + 1) ? link : null
}

/**
 * The verifier keys of a folder, the newest last, with those that succeeded the newest, as far as each is named by the one
 * before it. An older key names nobody any more: whoever stole it adds nothing; neither does what is forged, out of order,
 * repeated or damaged in one region, nor what was said for another system. So a recovery folder that was elsewhere during a rotation verifies what came after.
 */
export async function withSuccessors(
  trusted: readonly VerifierKey[],
  { stores, system }: { readonly stores: readonly ObjectStore[]; readonly system: string },
): Promise<readonly BackupVerifier[]> {
  const keys = [...trusted]
  const notes = await storedNotes(stores, system)
  const linksOf = (signer: VerifierKey): readonly Link[] =>
    notes.flatMap(({ path, text }) => {
      const link = linkIn(text, signer, system)
      return link === null || path !== pathOf(system, link.number) ? [] : [link]
    })
  let [signer, number] = [keys.at(-1), 0]
  while (signer !== undefined) {
    const next = successorOf(signer, number, linksOf(signer))
    if (next === null || keys.some(({ keyId }) => keyId === next.key.keyId)) break
    keys.push(next.key)
    ;[signer, number] = [next.key, next.number]
  }
  return keys.map((key, index) => endedBy(key, keys[index + 1], linksOf(key)))
}

/** A key with its end, as it said itself when it named the one after it; the latest where a copy says another, which hides no backup. */
function endedBy(key: VerifierKey, next: VerifierKey | undefined, links: readonly Link[]): BackupVerifier {
  const ends = links.flatMap((link) =>
    link.key.keyId === next?.keyId && link.endedAt !== null ? [link.endedAt.getTime()] : [],
  )
  return ends.length === 0 ? key : { ...key, until: untilOf(new Date(Math.max(...ends))) }
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
