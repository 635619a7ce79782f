import { sql, type Insertable, type Selectable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'

/** A drill as it is kept. */
export type DrillRow = Selectable<Tables['drill']>

/** A sign-off as it is kept. */
export type SignOffRow = Selectable<Tables['drill_sign_off']>

/** Notes a drill; false when one is running. */
export async function insertDrill(db: Database, row: Insertable<Tables['drill']>): Promise<boolean> {
  const done = await db
    .insertInto('drill')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** What a drill came to. */
export interface DrillEnd {
  readonly ended_at: Date
  readonly state: 'passed' | 'failed'
  readonly says: string
  /** JSON; null for a drill that was broken off. */
  readonly points: string | null
  readonly figures: string | null
}

/** Ends a running drill; false when it is not running. */
export async function endDrill(db: Database, id: string, end: DrillEnd): Promise<boolean> {
  const done = await db
    .updateTable('drill')
    .set(end)
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Drills that began before this moment and never ended. */
export function unendedDrills(db: Database, before: Date): Promise<DrillRow[]> {
  return db
    .selectFrom('drill')
    .selectAll()
    .where('state', '=', 'running')
    .where('began_at', '<', before)
    .execute()
}

/** The newest drills first. */
export function newestDrills(db: Database, most: number): Promise<DrillRow[]> {
  return db.selectFrom('drill').selectAll().orderBy('began_at', 'desc').limit(most).execute()
}

/** One drill. */
export async function drillById(db: Database, id: string): Promise<DrillRow | null> {
  return (await db.selectFrom('drill').selectAll().where('id', '=', id).executeTakeFirst()) ?? null
}

/** The newest drill that ended, in whichever way; only one that passed if told. */
export async function newestEnded(db: Database, only?: 'passed'): Promise<DrillRow | null> {
  const row = await db
    .selectFrom('drill')
    .selectAll()
    .where('state', 'in', only === undefined ? ['passed', 'failed'] : [only])
    .orderBy('ended_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

/** When the first drill of all began; null before it. */
export async function firstDrillAt(db: Database): Promise<Date | null> {
  const row = await db
    .selectFrom('drill')
    .select((one) => one.fn.min('began_at').as('at'))
    .executeTakeFirst()
  return row?.at ?? null
}

/** How often a full backup was drilled: to the end, and at all; and how many drills there are. */
export async function drilled(
  db: Database,
  backup: string,
): Promise<{ readonly ended: number; readonly tried: number; readonly all: number }> {
  const { rows } = await sql<{ ended: number; tried: number; all: number }>`
    select count(*) filter (where backup = ${backup} and points is not null)::int as ended,
      count(*) filter (where backup = ${backup})::int as tried, count(*)::int as all from drill`.execute(db)
  return rows[0] ?? { ended: 0, tried: 0, all: 0 }
}

/** Game days, the newest first. */
export function gameDays(db: Database, most: number): Promise<DrillRow[]> {
  return db
    .selectFrom('drill')
    .selectAll()
    .where('reason', '=', 'game-day')
    .orderBy('began_at', 'desc')
    .limit(most)
    .execute()
}

/** Signs a game day; false when this person did already. */
export async function insertSignOff(
  tx: Database,
  row: Insertable<Tables['drill_sign_off']>,
): Promise<boolean> {
  const done = await tx
    .insertInto('drill_sign_off')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** Who signed these drills, in order. */
export async function signOffsOf(db: Database, drills: readonly string[]): Promise<readonly SignOffRow[]> {
  if (drills.length === 0) return []
  return db
    .selectFrom('drill_sign_off')
    .selectAll()
    .where('drill', 'in', [...drills])
    .orderBy('signed_at')
    .execute()
}

/** How many who signed this game day never signed an earlier one. */
export async function firstSigners(
  db: Database,
  { id, began_at }: Pick<DrillRow, 'id' | 'began_at'>,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from drill_sign_off s where s.drill = ${id} and not exists (
      select 1 from drill_sign_off e join drill d on d.id = e.drill
      where e.account_id = s.account_id and d.began_at < ${began_at})`.execute(db)
  return rows[0]?.count ?? 0
}

/** Sign-offs of a drill whose person and drill no entry of the audit log names. */
export async function unloggedSignOffs(db: Database, drill: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from drill_sign_off s where s.drill = ${drill} and not exists (
      select 1 from audit_event e where e.type = 'drill.signed' and e.target_id = s.drill::text
        and e.actor_id = s.account_id::text)`.execute(db)
  return rows[0]?.count ?? 0
}

/** Leaves no drill and no sign-off, in a transaction that is undone. */
export async function dropDrills(tx: Database): Promise<void> {
  await tx.deleteFrom('drill_sign_off').execute()
  await tx.deleteFrom('drill').execute()
}
