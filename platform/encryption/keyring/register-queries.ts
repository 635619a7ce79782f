import { sql } from 'kysely'
import type { Database } from '../../db/index.ts'
import type { Keyring } from './database.ts'
import type { KeyAction } from './queries.ts'

/** A use of keys as the register in the keyring knows it. */
export interface Access {
  readonly id: string
  readonly at: Date
  readonly tenant: string
  readonly person: string | null
  readonly action: KeyAction
}

/** Notes that keys are about to be used; nothing was used yet. */
export async function intendAccess(keyring: Keyring, access: Access): Promise<void> {
  await keyring.insertInto('key_access').values(access).execute()
}

/** Notes a use together with what it does, unless it is noted already. */
export async function noteUsed(keyring: Keyring, access: Access): Promise<void> {
  await keyring
    .insertInto('key_access')
    .values({ ...access, used_at: access.at })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** The event is kept: from here on the keys are used. */
export async function markUsed(keyring: Keyring, id: string, at: Date): Promise<void> {
  await keyring.updateTable('key_access').set({ used_at: at }).where('id', '=', id).execute()
}

/** The use came to nothing. */
export async function markFailed(keyring: Keyring, id: string, at: Date): Promise<void> {
  await keyring.updateTable('key_access').set({ failed_at: at }).where('id', '=', id).execute()
}

/** Forgets what the register notes from before `cutoff`; the audit log keeps its own record. */
export async function removeAccessesBefore(keyring: Keyring, cutoff: Date): Promise<void> {
  await keyring.deleteFrom('key_access').where('at', '<', cutoff).execute()
}

/** What the register and the audit log know of the same time. */
export interface Reconciliation {
  /** Uses in the register. */
  readonly accesses: number
  /** Uses that left no event. */
  readonly unlogged: number
  /** Events of uses that the register does not know. */
  readonly unregistered: number
  /** Events of uses that came to nothing, with no second event that says so. */
  readonly unexplained: number
  /** Uses whose event was lost with a restore of the main database, which an event of its own tells of. */
  readonly restored: number
}

/** An event precedes the use that it tells of by no more than this. */
const BETWEEN_MS = 60_000

/** The register notes a use before the event of it is committed. */
function before(moment: Date): Date {
  return new Date(moment.getTime() - BETWEEN_MS)
}

/** The span that is compared. */
export interface Span {
  readonly from: Date
  readonly now: Date
}

interface Logged {
  readonly id: string
  readonly action: string
}

/** Ids in the audit log since `from` with what they say was done, `failed` where a use came to nothing; of `ids` alone if told. */
async function loggedSince(db: Database, from: Date, ids?: readonly string[]): Promise<readonly Logged[]> {
  const only = ids === undefined ? sql`` : sql`and target_id = any(${ids})`
  const { rows } = await sql<Logged>`
    select target_id as id, substr(type, 5) as action from audit_event
    where type in ('key.created', 'key.opened', 'key.rotated', 'key.released', 'key.retired', 'key.destroyed', 'key.failed')
      and at >= ${from} ${only}`.execute(db)
  return rows
}

/** Events by the id of the use: what it was, and whether a second event says that it failed. */
async function eventsSince(db: Database, from: Date, ids?: readonly string[]) {
  const logged = await loggedSince(db, from, ids)
  return {
    done: new Map(logged.filter(({ action }) => action !== 'failed').map((one) => [one.id, one.action])),
    failed: new Set(logged.filter(({ action }) => action === 'failed').map(({ id }) => id)),
  }
}

/** The times that restores of the main database lost: what was logged in them is in no log any more. */
async function lostSpans(db: Database, from: Date): Promise<readonly { from: Date; to: Date }[]> {
  const { rows } = await sql<{ from: Date; to: Date }>`
    select (coalesce(details ->> 'lastCommitAt', details ->> 'lastHeartbeatAt'))::timestamptz as "from", at as "to"
    from audit_event where type = 'recovery.restored' and at >= ${from}
      and coalesce(details ->> 'lastCommitAt', details ->> 'lastHeartbeatAt') is not null`.execute(db)
  return rows
}

/** Destructions that were asked for and are not carried out yet. */
async function waitingIds(db: Database): Promise<ReadonlySet<string>> {
  const rows = await db.selectFrom('key_destruction').select('id').where('done_at', 'is', null).execute()
  return new Set(rows.map(({ id }) => id))
}

/** What the register notes since `from`; if told, only what did not begin or failed. */
async function registered(keyring: Keyring, from: Date, onlyOpen = false) {
  const all = keyring
    .selectFrom('key_access')
    .select(['id', 'at', 'tenant', 'person', 'action', 'used_at', 'failed_at'])
    .where('at', '>=', from)
  const some = onlyOpen
    ? all.where((one) => one.or([one('used_at', 'is', null), one('failed_at', 'is not', null)]))
    : all
  return some.execute()
}

/** Compares the register of the keyring with the audit log, both ways, by the ids that both carry. Policy 2.3-b. */
export async function reconcileAccesses(
  db: Database,
  keyring: Keyring,
  { from, now }: Span,
): Promise<Reconciliation> {
  const further = before(from)
  // In this order, because an intention is in the register before its event, and a destruction before it is done.
  const { done, failed } = await eventsSince(db, from)
  const waiting = await waitingIds(db)
  const register = await registered(keyring, further)
  const actions = new Map(register.map((one) => [one.id, one.action]))
  const used = register.filter((one) => one.used_at !== null && one.at >= from)
  const missing = used.filter((one) => done.get(one.id) !== one.action)
  const ids = missing.map(({ id }) => id)
  // Events that were committed since the first look.
  const later = ids.length === 0 ? done : (await eventsSince(db, further, ids)).done
  const unlogged = missing.filter((one) => later.get(one.id) !== one.action)
  const spans = unlogged.length === 0 ? [] : await lostSpans(db, from)
  const lost = unlogged.filter(({ at }) => spans.some((span) => at >= before(span.from) && at <= span.to))
  return {
    accesses: used.length,
    unlogged: unlogged.length - lost.length,
    restored: lost.length,
    unregistered: [...done].filter(([id, action]) => actions.get(id) !== action && !waiting.has(id)).length,
    unexplained: interrupted(register, done, failed, now).filter((one) => one.at >= from).length,
  }
}

type Registered = Awaited<ReturnType<typeof registered>>[number]

function interrupted<Row extends Registered>(
  register: readonly Row[],
  done: ReadonlyMap<string, string>,
  failed: ReadonlySet<string>,
  now: Date,
): readonly Row[] {
  return register.filter(
    (one) =>
      now.getTime() - one.at.getTime() > BETWEEN_MS &&
      (one.used_at === null || one.failed_at !== null) &&
      done.has(one.id) &&
      !failed.has(one.id),
  )
}

/** Uses whose event was kept and which came to nothing, because their process ended or could not say so. */
export async function interruptedUses(
  db: Database,
  keyring: Keyring,
  { from, now }: Span,
): Promise<readonly Access[]> {
  // Few at any time: only these are looked up in the audit log, which is asked every minute.
  const open = (await registered(keyring, from, true)) as (Access & Registered)[]
  if (open.length === 0) return []
  const ids = open.map(({ id }) => id)
  const { done, failed } = await eventsSince(db, new Date(from.getTime() - BETWEEN_MS), ids)
  return interrupted(open, done, failed, now)
}

/** A use of keys as it is listed: who made it, as the event beside it says. */
export interface ListedUse extends Access {
  readonly used_at: Date | null
  readonly failed_at: Date | null
  readonly by: { readonly kind: string; readonly id: string } | null
}

/** Uses of keys, the newest first; ids are in the order of time. Policy 2.3-b. */
export async function newestUses(
  db: Database,
  keyring: Keyring,
  of: {
    readonly before?: string | undefined
    readonly action?: KeyAction | undefined
    readonly most: number
  },
): Promise<readonly ListedUse[]> {
  let query = keyring
    .selectFrom('key_access')
    .select(['id', 'at', 'tenant', 'person', 'action', 'used_at', 'failed_at'])
  if (of.before !== undefined) query = query.where('id', '<', of.before)
  if (of.action !== undefined) query = query.where('action', '=', of.action)
  const rows = (await query.orderBy('id', 'desc').limit(of.most).execute()) as (Access & Registered)[]
  const actors = await actorsOf(
    db,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => ({ ...row, by: actors.get(row.id) ?? null }))
}

async function actorsOf(db: Database, ids: readonly string[]) {
  if (ids.length === 0) return new Map<string, { kind: string; id: string }>()
  const rows = await db
    .selectFrom('audit_event')
    .select(['target_id', 'actor_kind', 'actor_id'])
    .where('target_kind', '=', 'key-access')
    .where('target_id', 'in', [...ids])
    .where('type', '<>', 'key.failed')
    .execute()
  return new Map(rows.map((row) => [row.target_id ?? '', { kind: row.actor_kind, id: row.actor_id }]))
}
