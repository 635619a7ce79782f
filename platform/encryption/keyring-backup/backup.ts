import { stampOf, type ObjectStore, type SecretWrapper } from '#backup'
import { DAY, secondsAfter, type Clock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Keyring } from '../keyring/database.ts'
import { readCopy, writeCopy } from './format.ts'
import { allRows, holdsKeys, insertRows } from './queries.ts'

/** How long a copy of the keyring lives at most: a key destroyed today is in none of them in a week. */
export const COPY_SECONDS_MAX = 7 * DAY
/** Copies are removed a day earlier, so that a run that fails can be repeated in time. */
const REMOVED_AFTER_SECONDS = 6 * DAY
/** So much of the register of uses goes along; the audit log has all of it. */
const REGISTER_SECONDS = 31 * DAY

/** What keeping copies of the keyring needs. */
export interface KeyringBackupParts {
  readonly keyring: Keyring
  readonly clock: Clock
  /** One a region, asked for at each run. */
  readonly stores: () => readonly ObjectStore[]
  /** Public keys of recovery and escrow: this machine can not read what it stored. */
  readonly wrapper: SecretWrapper
  /** The system identifier that everything of this system is stored under. */
  readonly system: string
}

/** A stored copy of the keyring. */
export interface StoredCopy {
  readonly region: string
  readonly path: string
  readonly at: Date
}

/** Where copies lie in a store. */
function folderOf(system: string): string {
  return `${system}/keyring/`
}

/** Stores a copy of the keyring as one age file in every region; one that took it is enough, the others follow. */
export async function backUpKeyring(parts: KeyringBackupParts): Promise<StoredCopy> {
  const { keyring, clock, system, wrapper } = parts
  const at = clock.now()
  const plain = writeCopy({ at, rows: await allRows(keyring, secondsAfter(at, -REGISTER_SECONDS)) })
  const sealed = await wrapper.wrap(plain)
  const path = `${folderOf(system)}${stampOf(at)}.age`
  const stores = parts.stores()
  // Never locked: what holds a key that was destroyed must be removable.
  const puts = await Promise.allSettled(stores.map((store) => store.put(path, sealed, { retainUntil: null })))
  const taken = puts.findIndex(({ status }) => status === 'fulfilled')
  const region = stores[taken]?.region
  if (region === undefined)
    throw new Problem('recovery.unwritable', 'No region took the copy of the keyring.', {
      cause: puts.find((one) => one.status === 'rejected')?.reason,
    })
  return { region, path, at }
}

/** Every copy in every store, oldest first. */
export async function storedCopies({
  stores,
  system,
}: Pick<KeyringBackupParts, 'stores' | 'system'>): Promise<readonly StoredCopy[]> {
  const found: StoredCopy[] = []
  for (const store of stores()) {
    for await (const { path } of store.list(folderOf(system))) {
      const at = momentOf(path)
      if (at !== null) found.push({ region: store.region, path, at })
    }
  }
  return found.toSorted((a, b) => a.at.getTime() - b.at.getTime())
}

/** The copies in the stores that answer, oldest first; throws what the last one said when none does. */
export async function reachableCopies({
  stores,
  system,
}: Pick<KeyringBackupParts, 'stores' | 'system'>): Promise<readonly StoredCopy[]> {
  const asked = await Promise.allSettled(
    stores().map((store) => storedCopies({ stores: () => [store], system })),
  )
  const answers = asked.filter((one) => one.status === 'fulfilled')
  const [refusal] = asked.filter((one) => one.status === 'rejected')
  if (answers.length === 0 && refusal !== undefined) throw refusal.reason
  return answers.flatMap(({ value }) => value).toSorted((a, b) => a.at.getTime() - b.at.getTime())
}

/** The moment in the name of a copy. */
function momentOf(path: string): Date | null {
  const [, ...parts] = /\/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.age$/.exec(path) ?? []
  if (parts.length === 0) return null
  const [year, month, day, hour, minute, second] = parts
  const moment = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(moment.getTime()) ? null : moment
}

/** Removes copies before they are seven days old, in every store that answers; throws what the others said. */
export async function expireCopies(parts: KeyringBackupParts): Promise<number> {
  const cutoff = secondsAfter(parts.clock.now(), -REMOVED_AFTER_SECONDS)
  let removed = 0
  const failures: unknown[] = []
  for (const store of parts.stores()) {
    try {
      for (const { path, at } of await storedCopies({ ...parts, stores: () => [store] })) {
        if (at > cutoff) continue
        await store.remove(path)
        removed += 1
      }
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'copies of the keyring could not be removed')
  return removed
}

/**
 * Brings a copy back into an empty keyring and returns the moment it was made, which must be the one of its name (`named`)
 * where that is known: an older copy under a newer name would bring destroyed keys back. Throws `recovery.not-empty`,
 * `recovery.unreadable`.
 */
export async function restoreKeyring(
  keyring: Keyring,
  plain: string,
  named?: Date,
): Promise<{ readonly at: Date; readonly keys: number }> {
  const { at, rows } = readCopy(plain)
  if (named !== undefined && stampOf(named) !== stampOf(at))
    throw new Problem(
      'recovery.unreadable',
      'The copy of the keyring was made at another moment than its name says.',
    )
  if (await holdsKeys(keyring))
    throw new Problem('recovery.not-empty', 'The keyring holds keys; a copy goes into an empty one only.')
  await insertRows(keyring, rows)
  return { at, keys: rows.filter(({ table }) => table === 'data_key').length }
}
