import { sql, type Insertable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'

/** Stores refusals; one that is stored already stays as it is. */
export async function insertBlocks(
  db: Database,
  rows: readonly Insertable<Tables['blocked_request']>[],
): Promise<void> {
  await db
    .insertInto('blocked_request')
    .values([...rows])
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

/** Which refusals are asked for; `before` is the last one of the page before. */
export interface BlockFilter {
  readonly rule?: number | undefined
  readonly route?: string | undefined
  readonly outcome?: 'blocked' | 'would-block' | undefined
  readonly since?: Date | undefined
  readonly before?: { readonly at: Date; readonly id: string } | undefined
  readonly most: number
}

/** A page of refusals, newest first, without what is sealed. */
export function listBlocks(db: Database, filter: BlockFilter) {
  const { before } = filter
  let query = db
    .selectFrom('blocked_request')
    .select(['id', 'at', 'outcome', 'method', 'route', 'rule', 'message', 'rules', 'score'])
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(filter.most)
  if (filter.rule !== undefined)
    query = query.where('rules', '@>', sql<number[]>`array[${filter.rule}]::bigint[]`)
  if (filter.route !== undefined) query = query.where('route', '=', filter.route)
  if (filter.outcome !== undefined) query = query.where('outcome', '=', filter.outcome)
  if (filter.since !== undefined) query = query.where('at', '>=', filter.since)
  if (before !== undefined)
    query = query.where((is) => is(is.refTuple('at', 'id'), '<', is.tuple(before.at, before.id)))
  return query.execute()
}

/** One refusal with what is sealed. */
export function blockById(db: Database, id: string) {
  return db.selectFrom('blocked_request').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The newest refusals with what is sealed, for a dry run. */
export function newestBlocks(db: Database, since: Date, most: number) {
  return db
    .selectFrom('blocked_request')
    .selectAll()
    .where('at', '>=', since)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(most)
    .execute()
}

/** Removes what is older than `before`, and the oldest above `most` rows. Gives how many. */
export async function deleteOldBlocks(db: Database, before: Date, most: number): Promise<number> {
  const old = await db.deleteFrom('blocked_request').where('at', '<', before).executeTakeFirst()
  const extra = await db
    .deleteFrom('blocked_request')
    .where('id', 'in', (inner) =>
      inner
        .selectFrom('blocked_request')
        .select('id')
        .orderBy('at', 'desc')
        .orderBy('id', 'desc')
        .offset(most)
        // PostgreSQL takes an offset without a limit; one step stays bounded all the same.
        .limit(10_000),
    )
    .executeTakeFirst()
  return Number(old.numDeletedRows) + Number(extra.numDeletedRows)
}
