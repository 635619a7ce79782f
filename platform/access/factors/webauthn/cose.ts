import { generateKeyPairSync, type KeyObject } from 'node:crypto'

/** What the few structures of a key are made of: whole numbers, bytes, text and maps (RFC 8949). */
export type Cbor = number | string | Uint8Array | ReadonlyMap<number | string, Cbor>

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value])
  if (value < 0x100) return Buffer.from([(major << 5) | 24, value])
  const long = Buffer.alloc(3)
  long[0] = (major << 5) | 25
  long.writeUInt16BE(value, 1)
  return long
}

/** Writes a value in CBOR; lengths and numbers up to 65,535. */
export function encodeCbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8')
    return Buffer.concat([head(3, text.length), text])
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  const entries = [...value].flatMap(([key, inner]) => [encodeCbor(key), encodeCbor(inner)])
  return Buffer.concat([head(5, value.size), ...entries])
}

/** A P-256 public key as a COSE_Key for ES256 (RFC 9053 §7.1.1, §2.1). */
export function coseKey(publicKey: KeyObject): Buffer {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return encodeCbor(
    new Map<number, Cbor>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.from(x, 'base64url')],
      [-3, Buffer.from(y, 'base64url')],
    ]),
  )
}

/** A key that belongs to nobody: an unknown credential is verified against it, so that it costs what a known one costs. */
export const decoyKey: Buffer = coseKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)
