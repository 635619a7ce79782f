import { sql } from 'kysely'
import { together, type Keyring } from '../keyring/database.ts'
import type { KeyringRow } from './format.ts'

/** Every row of the keyring at one moment, destroyed keys as the empty rows that they left. */
export function allRows(keyring: Keyring, since: Date): Promise<readonly KeyringRow[]> {
  return keyring
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      const tenants = await tx.selectFrom('tenant_key').selectAll().execute()
      const keys = await tx.selectFrom('data_key').selectAll().execute()
      const persons = await tx.selectFrom('person_key').selectAll().execute()
      const accesses = await tx.selectFrom('key_access').selectAll().where('at', '>=', since).execute()
      return [
        ...tenants.map((one) => ({ table: 'tenant_key', ...one })),
        ...keys.map((one) => ({ table: 'data_key', ...one })),
        ...persons.map((one) => ({ table: 'person_key', ...one })),
        ...accesses.map((one) => ({ table: 'key_access', ...one })),
      ] as KeyringRow[]
    })
}

/** Whether the keyring holds any key. */
export async function holdsKeys(keyring: Keyring): Promise<boolean> {
  const row = await keyring.selectFrom('tenant_key').select('tenant').limit(1).executeTakeFirst()
  return row !== undefined
}

/** Rows that go in at once; PostgreSQL takes 65,535 parameters. */
const ROWS_MAX = 4000

/** Puts the rows of a copy into an empty keyring, all or none. */
export async function insertRows(keyring: Keyring, rows: readonly KeyringRow[]): Promise<void> {
  await together(keyring, async (tx) => {
    for (const table of ['tenant_key', 'data_key', 'person_key', 'key_access'] as const) {
      const mine = rows.filter((one) => one.table === table).map(({ table: _table, ...columns }) => columns)
      for (let from = 0; from < mine.length; from += ROWS_MAX)
        await tx
          .insertInto(table)
          .values(mine.slice(from, from + ROWS_MAX))
          .execute()
    }
  })
}

/** When keys last changed; null when they never did. */
export interface LastChanges {
  readonly destroyed: Date | null
  /** Made, or wrapped anew. */
  readonly made: Date | null
}

/** When something was destroyed last, and when something was made or wrapped last. */
export async function lastChanges(keyring: Keyring): Promise<LastChanges> {
  const { rows } = await sql<LastChanges>`
    select max(destroyed) as destroyed, max(made) as made from (
      select max(destroyed_at) as destroyed, greatest(max(created_at), max(wrapped_at)) as made from tenant_key
      union all select max(destroyed_at), max(created_at) from data_key
      union all select max(destroyed_at), max(created_at) from person_key
    ) as all_of_them`.execute(keyring)
  return rows[0] ?? { destroyed: null, made: null }
}
