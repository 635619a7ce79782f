import type { Database } from '../../db/index.ts'

/** Where it is written when something that programs prove themselves by was last used. */
export type UsedTable = 'api_key' | 'directory_token' | 'oauth_client'

/** Writes that it was used, at most once a minute; tells whether this call wrote. */
export async function touchUsed(
  db: Database,
  table: UsedTable,
  id: string,
  { now, writtenBefore }: { readonly now: Date; readonly writtenBefore: Date },
): Promise<boolean> {
  const done = await db
    .updateTable(table)
    .set({ last_used_at: now })
    .where('id', '=', id)
    .where((or) => or.or([or('last_used_at', 'is', null), or('last_used_at', '<=', writtenBefore)]))
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}
