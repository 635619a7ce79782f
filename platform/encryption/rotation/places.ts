import type { SealedColumn } from '../queries.ts'
import { sealedColumns } from '../stored-bytes.ts'

/** A column of the row whose text, or whose bytes as hexadecimal digits, are a part of the id. */
export type RowPart = { readonly text: string } | { readonly hex: string }

/** How the place that a value is bound to is read from its row. */
export interface StoredPlace {
  /** The id that the value is bound to: its parts with a stroke between them. */
  readonly row: readonly RowPart[]
  /** The column whose text names the column that it is bound to; its own name unless told. */
  readonly column?: string
}

const ID: StoredPlace = { row: [{ text: 'id' }] }

/** Columns whose values are not bound to the id of their row. */
const OTHER_PLACES: Readonly<Record<string, StoredPlace>> = {
  'surety.directory_member.display': { row: [{ text: 'group_id' }, { text: 'user_id' }] },
  'surety.oauth_artifact.payload': { row: [{ hex: 'id_hash' }] },
  'surety.product_secret.value': { row: [{ text: 'name' }] },
  'surety.upstream_attempt.secrets': { row: [{ hex: 'state_hash' }] },
  'inbox.contact_identity.value': { row: [{ text: 'contact_id' }], column: 'kind' },
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
