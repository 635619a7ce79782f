import type { SealedColumn } from '../queries.ts'
import { sealedColumns } from '../stored-bytes.ts'

/** How the place that a value is bound to is read from its row, as SQL expressions over the row. */
export interface StoredPlace {
  /** The id that the value is bound to. */
  readonly row: string
  /** The column that it is bound to; its own unless told. */
  readonly column?: string
}

const ID: StoredPlace = { row: 'id::text' }

/** Columns whose values are not bound to the id of their row. */
const OTHER_PLACES: Readonly<Record<string, StoredPlace>> = {
  'surety.directory_member.display': { row: `group_id::text || '/' || user_id::text` },
  'surety.oauth_artifact.payload': { row: `encode(id_hash, 'hex')` },
  'surety.product_secret.value': { row: 'name' },
  'surety.upstream_attempt.secrets': { row: `encode(state_hash, 'hex')` },
  'inbox.contact_identity.value': { row: 'contact_id::text', column: 'kind' },
}

/** Columns whose bytes must stay as they are, and why; their keys live as long as their rows. */
export const fixedColumns: Readonly<Record<string, string>> = {
  'surety.audit_event.sealed': 'the ledger proves these very bytes',
  'surety.review_item.reason': 'the database refuses any change of a decision',
}

/** Schema, table and column in one word. */
export function storeName(of: SealedColumn): string {
  return `${of.schema}.${of.table}.${of.column}`
}

/** The place of a column's values. */
export function placeOf(of: SealedColumn): StoredPlace {
  return OTHER_PLACES[storeName(of)] ?? ID
}

/** The table that values are bound to; the protected service names its own with its schema. */
export function boundTable(of: SealedColumn): string {
  return of.schema === 'surety' ? of.table : `${of.schema}.${of.table}`
}

/** Every column whose values move under the newest key. */
export const movingColumns: readonly SealedColumn[] = sealedColumns.filter(
  (one) => !Object.hasOwn(fixedColumns, storeName(one)),
)
