import type { Database } from '../db/index.ts'

/** What a data key is used for. */
export type KeyPurpose = 'data' | 'index'

/** A stored key version; `wrapped` is empty once it was destroyed. */
export interface StoredKey {
  readonly version: number
  readonly wrapped: Buffer
  readonly created_at: Date
}

/** Every version of a tenant's keys for a purpose, oldest first. */
export function keyVersions(db: Database, tenant: string, purpose: KeyPurpose): Promise<StoredKey[]> {
  return db
    .selectFrom('data_key')
    .select(['version', 'wrapped', 'created_at'])
    .where('tenant', '=', tenant)
    .where('purpose', '=', purpose)
    .orderBy('version')
    .execute()
}

/** Stores a key version unless another process stored that version first; tells whether it did. */
export async function storeKey(
  db: Database,
  key: {
    readonly tenant: string
    readonly purpose: KeyPurpose
    readonly version: number
    readonly wrapped: Buffer
    readonly root_fingerprint: string
    readonly created_at: Date
  },
): Promise<boolean> {
  const done = await db
    .insertInto('data_key')
    .values(key)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** Destroys every key of a tenant: what they sealed can never be opened again. */
export async function destroyKeys(db: Database, tenant: string, at: Date): Promise<void> {
  await db
    .updateTable('data_key')
    .set({ wrapped: Buffer.alloc(0), destroyed_at: at })
    .where('tenant', '=', tenant)
    .where('destroyed_at', 'is', null)
    .execute()
}
