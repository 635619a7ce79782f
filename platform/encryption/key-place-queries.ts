import { sql, type Kysely } from 'kysely'
import type { Database } from '../db/index.ts'
import type { Keyring } from './keyring/database.ts'

/** Which cluster a connection reaches: two that differ share no file and no physical backup. */
export async function clusterOf<Tables>(db: Kysely<Tables>): Promise<string> {
  const { rows } = await sql<{
    id: string
  }>`select system_identifier::text as id from pg_control_system()`.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error('a server has no identifier')
  return row.id
}

/** What the role of a connection may do besides its work. */
export interface Rights {
  readonly role: string
  readonly superuser: boolean
  /** Whether it may remove rows of this table, or all of them. */
  readonly removes: boolean
}

/** The rights of a connection's role at one table of its search path. */
export async function rightsAt<Tables>(db: Kysely<Tables>, table: string): Promise<Rights> {
  const { rows } = await sql<Rights>`
    select current_user::text as role, rolsuper as superuser,
      has_table_privilege(${table}, 'delete') or has_table_privilege(${table}, 'truncate') as removes
    from pg_roles where rolname = current_user`.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error('a connection has no role')
  return row
}

/** How many keys still stand beside the data. */
export async function keysBesideData(db: Database): Promise<number> {
  const { count } = await db
    .selectFrom('data_key')
    .select((one) => one.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** Some wrapped keys, the newest first. */
export async function wrappedSample(keyring: Keyring, most: number): Promise<Buffer[]> {
  const rows = await keyring
    .selectFrom('data_key')
    .select('wrapped')
    .where('destroyed_at', 'is', null)
    .orderBy('created_at', 'desc')
    .limit(most)
    .execute()
  return rows.map(({ wrapped }) => wrapped)
}

/** Puts a key beside the data, inside a transaction that is undone. */
export async function plantBesideData(tx: Database, at: Date): Promise<void> {
  await tx
    .insertInto('data_key')
    .values({
      tenant: 'probe',
      purpose: 'data',
      version: 1,
      wrapped: Buffer.from('a probe, no key'),
      root_fingerprint: '',
      created_at: at,
    })
    .execute()
}

/** When a copy of the local root key was last sealed for escrow; null when it never was. */
export async function lastEscrow(db: Database): Promise<Date | null> {
  const row = await db
    .selectFrom('audit_event')
    .select((one) => one.fn.max('at').as('at'))
    .where('type', '=', 'key.escrowed')
    .executeTakeFirst()
  return row?.at ?? null
}
