import { sql } from 'kysely'
import type { Database } from '../db/index.ts'
import type { KeyAction } from './keyring/queries.ts'

/** A key as older states kept it beside the data, wrapped under the root key itself; empty once it was destroyed. */
export interface OldKey {
  readonly tenant: string
  readonly purpose: string
  readonly version: number
  readonly wrapped: Buffer
  readonly created_at: Date
}

/** Every key that is still beside the data. */
export function oldKeys(db: Database): Promise<OldKey[]> {
  return db
    .selectFrom('data_key')
    .select(['tenant', 'purpose', 'version', 'wrapped', 'created_at'])
    .orderBy('tenant')
    .orderBy('version')
    .execute()
}

/** Removes a tenant's keys from beside the data. */
export async function removeOldKeys(db: Database, tenant: string): Promise<void> {
  await db.deleteFrom('data_key').where('tenant', '=', tenant).execute()
}

/** Rewrites the pages that held them. */
export async function clearOldKeys(db: Database): Promise<void> {
  await sql`vacuum (full) data_key`.execute(db)
}

/** A noted use of keys, as older states kept it. */
export interface OldAccess {
  readonly id: string
  readonly at: Date
  readonly tenant: string
  readonly action: KeyAction
}

/** Every use that is noted beside the data. */
export async function oldAccesses(db: Database): Promise<OldAccess[]> {
  return (await db.selectFrom('key_access').select(['id', 'at', 'tenant', 'action']).execute()) as OldAccess[]
}

/** Removes them there. */
export async function removeOldAccesses(db: Database): Promise<void> {
  await db.deleteFrom('key_access').execute()
}
