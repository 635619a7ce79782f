import type { Keyring } from './database.ts'
import type { KeyAction } from './queries.ts'

/** Notes that a tenant's keys were destroyed before there was a keyring. */
export async function insertTombstone(keyring: Keyring, tenant: string, at: Date): Promise<void> {
  const gone = {
    wrapped: Buffer.alloc(0),
    fingerprint: '',
    root: '',
    wrapped_at: at,
    created_at: at,
    destroyed_at: at,
  }
  await keyring
    .insertInto('tenant_key')
    .values({ tenant, version: 1, ...gone })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** How many rows go in at once; PostgreSQL takes 65,535 parameters. */
const ROWS_MAX = 5000

/** Takes noted uses over; what is there already stays. */
export async function moveAccesses(
  keyring: Keyring,
  accesses: readonly {
    readonly id: string
    readonly at: Date
    readonly tenant: string
    readonly action: KeyAction
  }[],
): Promise<void> {
  for (let from = 0; from < accesses.length; from += ROWS_MAX) {
    const rows = accesses.slice(from, from + ROWS_MAX).map((one) => ({ ...one, used_at: one.at }))
    await keyring
      .insertInto('key_access')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
}
