import type { KeyObject } from 'node:crypto'
import {
  dataKeyring,
  describeField,
  EnvelopeError,
  fieldKeyId,
  openText,
  unwrapKey,
  versionedIndex,
  type DataKeyring,
  type FieldContext,
  type IndexVersion,
} from '#envelope'
import type { Database } from '../db/index.ts'
import { indexWritesFrom } from './key-age.ts'
import { labelOf } from './key-label.ts'
import { PROVIDER } from './key-parts.ts'
import { refusing, tenantLabel } from './key-store.ts'
import type { Keyring } from './keyring/database.ts'
import { destroyedPersonKeys, personKeys } from './keyring/person-queries.ts'
import { destroyedTenants, tenantRows, tenantsWithKeys } from './keyring/queries.ts'
import { byteColumns, type SealedColumn } from './queries.ts'
import { boundTable, storeName } from './rotation/places.ts'
import type { KeyRoot } from './roots/index.ts'
import { accountByIndex, someAccounts, someValues } from './sealed-sample-queries.ts'
import { sealedColumns } from './stored-bytes.ts'

/** Keyring and root key, for looking and nothing else. */
export interface SampleKeys {
  readonly keyring: Keyring
  readonly root: Pick<KeyRoot, 'unwrap'>
  close(): Promise<void>
}

/** What a sample of the sealed fields of every tenant came to. */
export interface SealedSample {
  readonly tenants: number
  readonly opened: number
  /** Columns whose values do not open, one for each value. */
  readonly faults: readonly string[]
  readonly destroyed: number
  /** Values of destroyed tenants and persons that stayed closed, as they must. */
  readonly stayedClosed: number
  readonly lookUps: { readonly found: number; readonly missed: number }
}

/** Values of each column and tenant. */
const VALUES = 2
const ACCOUNTS = 5

interface TenantOpened {
  readonly ring: DataKeyring
  readonly indexes: readonly IndexVersion[]
  /** Ids of the keys of persons who were forgotten, as envelopes carry them. */
  readonly forgotten: ReadonlySet<string>
}

/** Unwraps what a tenant and its persons have; null once it was destroyed. Nothing is registered: whoever asks told of it before. */
async function openTenant({ keyring, root }: SampleKeys, tenant: string): Promise<TenantOpened | null> {
  const { tenantKey: own, keys } = await tenantRows(keyring, tenant)
  if (own === undefined) return null
  const key = await root.unwrap(tenantLabel(tenant, own.version), own.wrapped)
  const data: KeyObject[] = []
  const indexes: IndexVersion[] = []
  for (const { purpose, version, wrapped, created_at } of keys) {
    const opened = refusing(() => unwrapKey(key, { tenant, purpose, version }, wrapped))
    if (purpose === 'index') indexes.push({ version, key: opened, writesFrom: indexWritesFrom(created_at) })
    else data.push(opened)
  }
  for (const { person, version, wrapped } of await personKeys(keyring, tenant))
    data.push(refusing(() => unwrapKey(key, labelOf({ tenant, person, version }), wrapped)))
  const forgotten = new Set((await destroyedPersonKeys(keyring, tenant)).map(fieldKeyId))
  if (indexes.length === 0 || data.length === 0)
    throw new Error('a tenant has no key to seal or to look up with')
  const numbered = new Map(data.map((one, at) => [at + 1, one]))
  return { ring: dataKeyring({ tenant, current: 1, keys: numbered }), indexes, forgotten }
}

interface Counts {
  opened: number
  stayedClosed: number
  readonly faults: string[]
}

function isForgotten({ forgotten }: TenantOpened, sealed: Buffer): boolean {
  try {
    return forgotten.has(describeField(sealed).keyId)
  } catch (error) {
    if (error instanceof EnvelopeError) return false
    throw error
  }
}

function opens({ ring }: TenantOpened, context: FieldContext, sealed: Buffer): boolean {
  try {
    openText(ring, context, sealed)
    return true
  } catch (error) {
    if (error instanceof EnvelopeError) return false
    throw error
  }
}

async function tryColumn(
  db: Database,
  {
    column,
    tenant,
    keys,
  }: { readonly column: SealedColumn; readonly tenant: string; readonly keys: TenantOpened | null },
  counts: Counts,
): Promise<void> {
  for (const { row, column: bound, sealed } of await someValues(db, column, tenant, VALUES)) {
    // Of a tenant or a person that was destroyed; any other key that is not there is a loss.
    const closed = keys === null || isForgotten(keys, sealed)
    if (closed) counts.stayedClosed += 1
    else if (opens(keys, { tenant, table: boundTable(column), column: bound, row }, sealed))
      counts.opened += 1
    else counts.faults.push(storeName(column))
  }
}

/** Look-up values of accounts, made anew from the opened addresses, find their rows. */
async function lookUp(db: Database, keys: TenantOpened): Promise<SealedSample['lookUps']> {
  const lookUpOf = versionedIndex(keys.indexes, { tenant: PROVIDER, purpose: 'account.email' })
  let [found, missed] = [0, 0]
  for (const { id, email } of await someAccounts(db, ACCOUNTS)) {
    const place = { tenant: PROVIDER, table: 'account', column: 'email', row: id }
    // What does not open is told of as a field.
    if (isForgotten(keys, email) || !opens(keys, place, email)) continue
    const text = openText(keys.ring, place, email)
    // Whatever the moment is, every version is looked for.
    if ((await accountByIndex(db, lookUpOf(text, new Date(0)))) === id) found += 1
    else missed += 1
  }
  return { found, missed }
}

/**
 * Opens some sealed fields of every tenant of a restored database with the keyring and the root key, looks accounts up, and counts
 * what stays closed because its keys were destroyed. Every value that should open and does not is a fault. Policy 2.2-a, 6.1-a.
 */
export async function openSample(db: Database, keys: SampleKeys): Promise<SealedSample> {
  const existing = new Set((await byteColumns(db)).map((one) => `${one.schema}.${one.table}.${one.column}`))
  const columns = sealedColumns.filter((one) => existing.has(storeName(one)))
  const [live, destroyed] = [await tenantsWithKeys(keys.keyring), await destroyedTenants(keys.keyring)]
  const counts: Counts = { opened: 0, stayedClosed: 0, faults: [] }
  let lookUps = { found: 0, missed: 0 }
  for (const tenant of [...live, ...destroyed]) {
    const opened = await openTenant(keys, tenant)
    for (const column of columns) await tryColumn(db, { column, tenant, keys: opened }, counts)
    if (tenant === PROVIDER && opened !== null) lookUps = await lookUp(db, opened)
    if (opened !== null && destroyed.has(tenant))
      counts.faults.push(`the destroyed tenant ${tenant} has keys`)
  }
  const { opened, stayedClosed, faults } = counts
  return { tenants: live.length, opened, faults, destroyed: destroyed.size, stayedClosed, lookUps }
}
