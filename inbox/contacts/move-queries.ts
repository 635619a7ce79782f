import { sql } from 'kysely'
import type { Database } from '../db/database.ts'

/** Contacts of whom something may still be sealed under the workspace's key. */
export function unkeyedContacts(
  db: Database,
  countMax: number,
): Promise<{ workspace_id: string; id: string }[]> {
  return db
    .selectFrom('contact')
    .select(['workspace_id', 'id'])
    .where('keyed_at', 'is', null)
    .where('state', '<>', 'erased')
    .orderBy('workspace_id')
    .orderBy('id')
    .limit(countMax)
    .execute()
}

/** A sealed value with what it is bound to. */
export interface SealedValue {
  readonly table: 'contact' | 'contact_identity' | 'message'
  /** The row as the database names it. */
  readonly ctid: string
  readonly place: readonly [table: string, column: string, row: string]
  readonly sealed: Buffer
}

/** Values of a contact that begin otherwise than with `header`, and are not among `except`. */
export async function valuesUnder(
  db: Database,
  of: { readonly workspace: string; readonly contact: string },
  page: { readonly header: Buffer; readonly except: readonly string[]; readonly countMax: number },
): Promise<SealedValue[]> {
  const { workspace, contact } = of
  const { header, except, countMax } = page
  const begins = (column: string) => sql`substr(${sql.ref(column)}, 1, ${header.length}::int) <> ${header}`
  const { rows } = await sql<{
    table: SealedValue['table']
    ctid: string
    column: string
    row: string
    sealed: Buffer
  }>`
    select * from (
      select 'contact' as "table", ctid::text, 'display_name' as "column", id::text as "row", display_name as sealed
        from contact where workspace_id = ${workspace} and id = ${contact} and ${begins('display_name')}
      union all
      select 'contact_identity', ctid::text, kind, contact_id::text, value
        from contact_identity where workspace_id = ${workspace} and contact_id = ${contact} and ${begins('value')}
      union all
      select 'message', ctid::text, 'body', id::text, body
        from message where workspace_id = ${workspace} and contact_id = ${contact} and ${begins('body')}
    ) as old where "table" || ctid <> all(${[...except]}::text[]) limit ${countMax}`.execute(db)
  return rows.map(({ table, ctid, column, row, sealed }) => ({
    table,
    ctid,
    place: [table, column, row],
    sealed,
  }))
}

/** Puts a value in the place of an older one if that is still there (compare and set); tells whether it was. */
export async function replaceValue(db: Database, old: SealedValue, next: Buffer): Promise<boolean> {
  const column = { contact: 'display_name', contact_identity: 'value', message: 'body' }[old.table]
  const done = await sql`
    update ${sql.table(old.table)} set ${sql.ref(column)} = ${next}
    where ctid = ${old.ctid}::tid and ${sql.ref(column)} = ${old.sealed}`.execute(db)
  return (done.numAffectedRows ?? 0n) === 1n
}

/** Everything of a contact is under the contact's own key. */
export async function noteKeyed(
  db: Database,
  of: { readonly workspace: string; readonly contact: string },
  at: Date,
): Promise<void> {
  await db
    .updateTable('contact')
    .set({ keyed_at: at })
    .where('workspace_id', '=', of.workspace)
    .where('id', '=', of.contact)
    .execute()
}
