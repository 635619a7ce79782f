import type { Database } from '../../db/index.ts'
import type { Actor } from '../../kernel/event.ts'

/** A sealed secret as it is stored. */
export interface SecretRow {
  readonly name: string
  readonly value: Buffer
  readonly version: number
  readonly first_set_at: Date
  readonly set_at: Date
  readonly set_by_kind: string
  readonly set_by_id: string
}

/** Every secret that is set. */
export function storedSecrets(db: Database): Promise<SecretRow[]> {
  return db.selectFrom('product_secret').selectAll().orderBy('name').execute()
}

/** The version of a secret, held against everybody else until the transaction ends; null: it is not set. */
export async function lockSecret(tx: Database, name: string): Promise<number | null> {
  const row = await tx
    .selectFrom('product_secret')
    .select('version')
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirst()
  return row?.version ?? null
}

/** Stores a first value unless there is one; tells whether it did. */
export async function insertSecret(
  tx: Database,
  { name, value, at, by }: { name: string; value: Buffer; at: Date; by: Actor },
): Promise<boolean> {
  const done = await tx
    .insertInto('product_secret')
    .values({
      name,
      value,
      version: 1,
      first_set_at: at,
      set_at: at,
      set_by_kind: by.kind,
      set_by_id: by.id,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** Replaces a value; nothing of the former one stays. */
export async function replaceSecret(
  tx: Database,
  { name, value, version, at, by }: { name: string; value: Buffer; version: number; at: Date; by: Actor },
): Promise<void> {
  await tx
    .updateTable('product_secret')
    .set({ value, version, set_at: at, set_by_kind: by.kind, set_by_id: by.id })
    .where('name', '=', name)
    .execute()
}

/** Removes a secret; tells whether it was set. */
export async function deleteSecret(tx: Database, name: string): Promise<boolean> {
  const done = await tx.deleteFrom('product_secret').where('name', '=', name).executeTakeFirst()
  return done.numDeletedRows === 1n
}
