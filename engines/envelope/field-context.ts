import { canonicalContext, nameLength, requireNames, requireVersion } from './canonical-context.ts'

/** Where a field lives; an envelope opens in this place and in no other. */
export interface FieldContext {
  readonly tenant: string
  readonly table: string
  readonly column: string
  readonly row: string
  /** Of what the plaintext means, from 1 (the default): a value sealed for one meaning is never read with another. */
  readonly schemaVersion?: number
}

/** Encodes the places of one tenant's fields under one key. */
export type FieldPlaces = (context: FieldContext) => Buffer

const columnsHeldMax = 1000
const lengthBytes = 4
const versionBytes = 4

/**
 * What is authenticated with a field: `canonical('surety.envelope/field/2', format byte, key id, tenant, table, column, row,
 * schema version)`; `invalid-context` for a name that is empty, ill-formed or above 255 bytes. All before the row is encoded
 * once for each column.
 */
export function fieldPlaces(tenant: string, format: number, keyId: Uint8Array): FieldPlaces {
  const tables = new Map<string, Map<string, Buffer>>()
  let held = 0

  const startOf = ({ table, column }: FieldContext): Buffer => {
    const known = tables.get(table)?.get(column)
    if (known !== undefined) return known
    requireNames([table, column])
    // Names come from programs, not from requests; the limit only keeps a mistake from filling the memory.
    if (held === columnsHeldMax) tables.clear()
    held = tables.size === 0 ? 1 : held + 1
    const columns = tables.get(table) ?? new Map<string, Buffer>()
    const start = columnStart([Uint8Array.of(format), keyId, tenant, table, column])
    tables.set(table, columns.set(column, start))
    return start
  }

  return (context) => {
    const { row, schemaVersion = 1 } = context
    requireVersion(schemaVersion)
    const rowBytes = nameLength(row)
    const start = startOf(context)
    const out = Buffer.allocUnsafe(start.length + lengthBytes + rowBytes + lengthBytes + versionBytes)
    out.set(start)
    let at = out.writeUInt32BE(rowBytes, start.length)
    at += out.write(row, at, 'utf8')
    out.writeUInt32BE(schemaVersion, out.writeUInt32BE(versionBytes, at))
    return out
  }
}

/** The encoding up to the row: that of an empty row and some version, without these two. */
function columnStart(parts: readonly (string | Uint8Array)[]): Buffer {
  const whole = canonicalContext(['surety.envelope/field/2', ...parts, '', Buffer.alloc(versionBytes)])
  return whole.subarray(0, -(lengthBytes + lengthBytes + versionBytes))
}
