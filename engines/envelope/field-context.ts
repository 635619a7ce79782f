import { canonicalContext, requireNames, requireVersion } from './canonical-context.ts'
import { fieldFormat, type FieldKey } from './keyring.ts'

/** Where a field lives; an envelope opens in this place and in no other. */
export interface FieldContext {
  readonly tenant: string
  readonly table: string
  readonly column: string
  readonly row: string
  /** Of what the plaintext means, from 1 (the default): a value sealed for one meaning is never read with another. */
  readonly schemaVersion?: number
}

/**
 * What is authenticated with a field: `canonical('surety.envelope/field/2', format byte, key id, tenant, table, column, row,
 * schema version)`; `invalid-context` for a name that is empty, ill-formed or above 255 bytes.
 */
export function fieldContextBytes(key: FieldKey, context: FieldContext): Buffer {
  const { tenant, table, column, row, schemaVersion = 1 } = context
  requireVersion(schemaVersion)
  requireNames([tenant, table, column, row])
  const version = Buffer.allocUnsafe(4)
  version.writeUInt32BE(schemaVersion)
  return canonicalContext([
    'surety.envelope/field/2',
    Uint8Array.of(fieldFormat),
    key.id,
    tenant,
    table,
    column,
    row,
    version,
  ])
}
