import { notify, type Database } from '../db/index.ts'
import { newId } from '../kernel/id.ts'
import {
  destructionsDone,
  destructionsKnown,
  doneDestructions,
  insertDestruction,
  insertDestructions,
  waitingDestructions,
  type Destruction,
} from './destruction-queries.ts'
import type { KeyStoreParts, KeyUser } from './key-parts.ts'
import { useEvent } from './key-use.ts'
import { together } from './keyring/database.ts'
import { tombstones, type Tombstone } from './keyring/person-queries.ts'
import { clearPages, destroyKeys } from './keyring/queries.ts'
import { noteUsed } from './keyring/register-queries.ts'

/** Whose keys: everything of a tenant, or one person's. */
export interface KeysOf {
  readonly tenant: string
  readonly person: string | null
}

/**
 * Asks for a destruction together with whatever ends the data: nothing is destroyed unless the caller's transaction
 * is committed, and nothing is opened any more once it is. Its event is kept before any key is. Policy 2.3-b.
 */
export async function askForDestruction(
  within: Database,
  { clock, record }: Pick<KeyStoreParts, 'clock' | 'record'>,
  { tenant, person }: KeysOf,
  user?: KeyUser,
): Promise<void> {
  const id = newId(clock)
  await insertDestruction(within, { id, tenant, person, at: clock.now() })
  const use = {
    action: 'destroyed',
    tenant,
    ...(person === null ? {} : { person }),
    ...(user && { user }),
  } as const
  await record?.(within, useEvent(id, use))
  await notify(within, 'keys_changed', tenant)
}

/** Carries out on the keyring what waits; returns what was destroyed. May run any number of times, by any process. */
export async function carryOutDestructions(
  parts: Pick<KeyStoreParts, 'db' | 'keyring' | 'clock'>,
): Promise<readonly Destruction[]> {
  const { db, keyring, clock } = parts
  const waiting = await waitingDestructions(db)
  if (waiting.length === 0) return waiting
  for (const one of waiting)
    await together(keyring, async (tx) => {
      await noteUsed(tx, { ...one, action: 'destroyed' })
      await destroyKeys(tx, one, clock.now())
    })
  // Once for all of them, and before any is said to be done: whoever is cut off here does it again.
  await clearPages(keyring, waiting.every(({ person }) => person !== null) ? 'persons' : 'all')
  await destructionsDone(
    db,
    waiting.map(({ id }) => id),
    clock.now(),
  )
  for (const tenant of new Set(waiting.map((one) => one.tenant))) await notify(db, 'keys_changed', tenant)
  return waiting
}

/** Runs `work` once at a time; whoever comes while it runs shares the next run with all who do. */
export function sharedRuns(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  return () => {
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined
        return (running = work())
      })
    return next
  }
}

/** After the keyring was brought back from a copy: destroys again what was destroyed since; returns how many keys. */
export async function enforceDestructions(
  parts: Pick<KeyStoreParts, 'db' | 'keyring' | 'clock'>,
): Promise<number> {
  const gone = new Set(
    (await tombstones(parts.keyring)).map(({ tenant, person }) => `${tenant}/${person ?? ''}`),
  )
  let count = 0
  for (const one of await doneDestructions(parts.db)) {
    if (gone.has(`${one.tenant}/${one.person ?? ''}`)) continue
    count += await together(parts.keyring, async (tx) => {
      const destroyed = await destroyKeys(tx, one, parts.clock.now())
      if (destroyed > 0) await noteUsed(tx, { ...one, action: 'destroyed' })
      return destroyed
    })
  }
  return count
}

/** Erasures that are noted again in one statement. */
const REPLAYED_AT_ONCE = 1000

/**
 * After the main database was restored to an earlier moment: what the keyring knows to be destroyed is noted there again,
 * so that nothing asks for it, and returned, so that what is left of it can be removed too. What the keyring holds was
 * never part of that backup, so the destroyed keys themselves are gone already.
 */
export async function replayErasures(
  db: Database,
  { keyring, clock }: Pick<KeyStoreParts, 'keyring' | 'clock'>,
): Promise<readonly Tombstone[]> {
  const known = await destructionsKnown(db)
  const missing = (await tombstones(keyring)).filter(
    ({ tenant, person }) => !known.has(`${tenant}/${person ?? ''}`),
  )
  const rows = missing.map(({ tenant, person, destroyedAt: at }) => ({
    id: newId(clock),
    tenant,
    person,
    at,
  }))
  for (let from = 0; from < rows.length; from += REPLAYED_AT_ONCE)
    await insertDestructions(db, rows.slice(from, from + REPLAYED_AT_ONCE), clock.now())
  return missing
}
