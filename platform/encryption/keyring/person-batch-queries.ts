import type { Keyring } from './database.ts'
import type { StoredPersonKey } from './person-queries.ts'

/** Every version of the keys of some persons of a tenant that was ever made, oldest first. */
export async function versionsAmong(
  keyring: Keyring,
  tenant: string,
  persons: readonly string[],
): Promise<readonly StoredPersonKey[]> {
  if (persons.length === 0) return []
  return keyring
    .selectFrom('person_key')
    .select(['person', 'version', 'wrapped', 'fingerprint', 'under', 'created_at'])
    .where('tenant', '=', tenant)
    .where('person', 'in', persons)
    .orderBy('version')
    .execute()
}

/** Stores first keys of persons, but for those whom another process was first with, or who were forgotten. */
export async function storeFirstKeys(
  keyring: Keyring,
  keys: readonly (StoredPersonKey & { readonly tenant: string })[],
): Promise<void> {
  await keyring
    .insertInto('person_key')
    .values([...keys])
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
