import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Keyring } from '../keyring/database.ts'
import type { LoggedUse } from './keeper-log.ts'
import type { RootUse } from './root.ts'

/** How far the log of a keeper was read. */
export interface ReadLog {
  readonly position: string | null
  readonly covers_from: Date
  readonly read_to: Date
  readonly read_at: Date
  readonly lost_at: Date | null
  readonly problem: string | null
}

/** How far the log for this root key was read; undefined before the first reading. */
export async function readLogOf(keyring: Keyring, root: string): Promise<ReadLog | undefined> {
  return keyring
    .selectFrom('root_log')
    .select(['position', 'covers_from', 'read_to', 'read_at', 'lost_at', 'problem'])
    .where('root', '=', root)
    .executeTakeFirst()
}

/** Notes how far a log was read. */
export async function noteRead(keyring: Keyring, root: string, read: ReadLog): Promise<void> {
  await keyring
    .insertInto('root_log')
    .values({ root, ...read })
    .onConflict((conflict) => conflict.column('root').doUpdateSet(read))
    .execute()
}

/** Notes why a log could not be read. */
export async function noteUnread(keyring: Keyring, root: string, problem: string): Promise<void> {
  await keyring.updateTable('root_log').set({ problem }).where('root', '=', root).execute()
}

/** What a request did to the key itself, and not only to what is known of it. */
const USES = ['wrap', 'unwrap', 'rewrap'] as const satisfies readonly RootUse['action'][]

/** When the first use of this root key was registered; null when none is. */
export async function firstUse(keyring: Keyring, named: string): Promise<Date | null> {
  const row = await keyring
    .selectFrom('root_use')
    .select((one) => one.fn.min<Date | null>('at').as('at'))
    .where('root', '=', named)
    .where('action', 'in', USES)
    .executeTakeFirst()
  return row?.at === undefined || row.at === null ? null : new Date(row.at)
}

/** So many at once: a statement takes 65,535 values, and a part of a log may have more. */
const AT_ONCE = 1000

async function inGroups<Result>(
  uses: readonly LoggedUse[],
  work: (some: readonly LoggedUse[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const all: Result[] = []
  for (let from = 0; from < uses.length; from += AT_ONCE)
    all.push(...(await work(uses.slice(from, from + AT_ONCE))))
  return all
}

/** A keeper's own numbers look so; whatever else stands there is none of ours, and may not be text that can be kept. */
function requestOf({ request }: LoggedUse): string {
  return /^[\w:.+/=-]{1,200}$/.test(request)
    ? request
    : `strange:${createHash('sha256').update(request).digest('hex')}`
}

/** Notes for each request when its keeper logged it, and returns the entries whose number is not known here. */
export async function noteLogged(
  keyring: Keyring,
  uses: readonly LoggedUse[],
): Promise<readonly LoggedUse[]> {
  const readable = uses.map((use) => ({ ...use, request: requestOf(use) }))
  return inGroups(readable, (some) => noteSome(keyring, some))
}

async function noteSome(keyring: Keyring, uses: readonly LoggedUse[]): Promise<readonly LoggedUse[]> {
  const requests = uses.map(({ request }) => request)
  const times = uses.map(({ at }) => at.toISOString())
  await sql`
    update root_use set logged_at = logged.at
    from unnest(${requests}::text[], ${times}::timestamptz[]) as logged (request, at)
    where root_use.request = logged.request and root_use.logged_at is null`.execute(keyring)
  const known = await keyring
    .selectFrom('root_use')
    .select('request')
    .where('request', 'in', requests)
    .execute()
  const here = new Set(known.map(({ request }) => request))
  return uses.filter(({ request }) => !here.has(request))
}

/** A use in a keeper's log under a number that is not known here. */
export interface Stranger {
  readonly request: string
  readonly operation: string
  readonly at: Date
  readonly caller: string | null
}

const rowOf =
  (root: string) =>
  ({ request, operation, at, caller, context }: LoggedUse) => ({
    root,
    request,
    operation,
    at,
    caller,
    tenant: /^[\w-]{1,80}$/.exec(context?.['tenant'] ?? '')?.[0] ?? null,
  })

/** Keeps entries whose numbers are not known here. */
export async function keepStrangers(
  keyring: Keyring,
  root: string,
  uses: readonly LoggedUse[],
): Promise<void> {
  await inGroups(uses, async (some) => {
    await keepSome(keyring, root, some)
    return []
  })
}

async function keepSome(keyring: Keyring, root: string, uses: readonly LoggedUse[]): Promise<void> {
  const rows = uses.map((use) => ({ ...use, request: requestOf(use) })).map(rowOf(root))
  await keyring
    .insertInto('root_stranger')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Takes entries out whose requests were registered meanwhile, and notes with those when they were logged. */
export async function settleStrangers(keyring: Keyring, root: string): Promise<void> {
  await sql`
    with mine as (
      delete from root_stranger using root_use
      where root_stranger.root = ${root} and root_use.request = root_stranger.request
      returning root_stranger.request, root_stranger.at)
    update root_use set logged_at = mine.at from mine
    where root_use.request = mine.request and root_use.logged_at is null`.execute(keyring)
}

/** Entries since `from` whose numbers are still not known here, the oldest first. */
export function strangersSince(keyring: Keyring, root: string, from: Date): Promise<Stranger[]> {
  return keyring
    .selectFrom('root_stranger')
    .select(['request', 'operation', 'at', 'caller'])
    .where('root', '=', root)
    .where('at', '>=', from)
    .where((one) =>
      one.not(
        one.exists(
          one
            .selectFrom('root_use')
            .select('root_use.request')
            .whereRef('root_use.request', '=', 'root_stranger.request'),
        ),
      ),
    )
    .orderBy('at')
    .execute()
}

/** Uses since `from` that their keeper has not logged, the oldest first. */
export function unloggedSince(
  keyring: Keyring,
  named: string,
  from: Date,
): Promise<{ readonly request: string; readonly action: string; readonly at: Date }[]> {
  return keyring
    .selectFrom('root_use')
    .select(['request', 'action', 'at'])
    .where('root', '=', named)
    .where('action', 'in', USES)
    .where('logged_at', 'is', null)
    .where('at', '>=', from)
    .where((one) =>
      one.not(
        one.exists(
          one
            .selectFrom('root_stranger')
            .select('root_stranger.request')
            .whereRef('root_stranger.request', '=', 'root_use.request'),
        ),
      ),
    )
    .orderBy('at')
    .execute()
}

/** How many uses since `from` their keeper has logged. */
export async function loggedCount(keyring: Keyring, named: string, from: Date): Promise<number> {
  const row = await keyring
    .selectFrom('root_use')
    .select(sql<number>`count(*)::int`.as('uses'))
    .where('root', '=', named)
    .where('action', 'in', USES)
    .where('logged_at', 'is not', null)
    .where('at', '>=', from)
    .executeTakeFirst()
  return row?.uses ?? 0
}

/** Notes which numbers an event tells; says whether others were told before. */
export async function noteTold(keyring: Keyring, root: string, told: string): Promise<boolean> {
  const { numUpdatedRows } = await keyring
    .updateTable('root_log')
    .set({ told })
    .where('root', '=', root)
    .where('told', '<>', told)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}
