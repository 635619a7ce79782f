// A writer of DER (ITU-T X.690), as far as a certificate needs it; nothing here reads DER.

function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body])
  const hex = body.length.toString(16)
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, body])
}

/** SEQUENCE. */
export const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts)
/** SET of one element, which needs no sorting. */
export const setOfOne = (part: Uint8Array): Buffer => tlv(0x31, part)
/** BOOLEAN TRUE. */
export const yes = (): Buffer => tlv(0x01, Buffer.of(0xff))
/** NULL. */
export const nothing = (): Buffer => tlv(0x05)
/** OCTET STRING. */
export const octets = (bytes: Uint8Array): Buffer => tlv(0x04, bytes)
/** UTF8String. */
export const text = (value: string): Buffer => tlv(0x0c, Buffer.from(value, 'utf8'))
/** [number], constructed. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Buffer =>
  tlv(0xa0 | number, ...parts)
/** [number] over plain bytes, primitive. */
export const taggedBytes = (number: number, bytes: Uint8Array): Buffer => tlv(0x80 | number, bytes)
/** BIT STRING of whole bytes, or with `unused` bits at the end. */
export const bits = (bytes: Uint8Array, unused = 0): Buffer => tlv(0x03, Buffer.of(unused), bytes)

/** INTEGER that is not negative, from big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1
  const magnitude = bytes.subarray(start)
  return tlv(0x02, (magnitude[0] ?? 0) >= 0x80 ? Buffer.of(0) : Buffer.alloc(0), magnitude)
}

/** OBJECT IDENTIFIER from its dotted form. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return tlv(0x06, Buffer.from(bytes))
}

/** Time as RFC 5280 §4.1.2.5 wants it: UTCTime before 2050, GeneralizedTime from then on. */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return at.getUTCFullYear() < 2050
    ? tlv(0x17, Buffer.from(digits.slice(2), 'latin1'))
    : tlv(0x18, Buffer.from(digits, 'latin1'))
}
