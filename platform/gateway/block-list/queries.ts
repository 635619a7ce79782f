import type { Insertable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'

/** Stores a block. */
export async function insertBlock(db: Database, row: Insertable<Tables['gateway_block']>): Promise<void> {
  await db.insertInto('gateway_block').values(row).execute()
}

/** What counts at a moment. */
export function activeBlocks(db: Database, now: Date) {
  return db
    .selectFrom('gateway_block')
    .select(['id', 'kind', 'subject', 'ends_at'])
    .where('lifted_at', 'is', null)
    .where('ends_at', '>', now)
    .execute()
}

/** A page of all blocks, newest first. */
export function listBlocked(
  db: Database,
  page: { readonly before: { readonly at: Date; readonly id: string } | null; readonly most: number },
) {
  const query = db
    .selectFrom('gateway_block')
    .selectAll()
    .orderBy('made_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.most)
  const { before } = page
  return before === null
    ? query.execute()
    : query.where((is) => is(is.refTuple('made_at', 'id'), '<', is.tuple(before.at, before.id))).execute()
}

/** Ends a block before its time; gives its kind, and nothing when it has ended already. */
export function liftBlock(
  db: Database,
  id: string,
  by: { readonly kind: string; readonly id: string; readonly at: Date },
) {
  return db
    .updateTable('gateway_block')
    .set({ lifted_at: by.at, lifted_by_kind: by.kind, lifted_by_id: by.id })
    .where('id', '=', id)
    .where('lifted_at', 'is', null)
    .where('ends_at', '>', by.at)
    .returning(['id', 'kind'])
    .executeTakeFirst()
}

/** Forgets blocks that ended before a moment. Gives how many. */
export async function deleteEnded(db: Database, before: Date): Promise<number> {
  const gone = await db.deleteFrom('gateway_block').where('ends_at', '<', before).executeTakeFirst()
  return Number(gone.numDeletedRows)
}
