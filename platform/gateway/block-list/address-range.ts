import { isIP } from 'node:net'
import { plainBytes } from '../client-network.ts'

/** A range of addresses (RFC 4632, RFC 4291): its first address, 4 or 16 bytes, and how many leading bits count. */
export interface AddressRange {
  readonly bytes: Uint8Array
  readonly bits: number
}

/** The widest ranges that may be blocked: a mistake must not turn away a country. */
const BITS_MIN = { 4: 16, 16: 32 } as const

/** Reads `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/48`; null for anything else, and for ranges that are too wide. */
export function readRange(text: string): AddressRange | null {
  const [address = '', length, ...rest] = text.split('/')
  if (rest.length > 0 || isIP(address) === 0) return null
  const bytes = plainBytes(address)
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null
  const bits = length === undefined ? bytes.length * 8 : Number(length)
  const least = bytes.length === 4 ? BITS_MIN[4] : BITS_MIN[16]
  if (bits > bytes.length * 8 || bits < least) return null
  return { bytes: masked(bytes, bits), bits }
}

function masked(bytes: Uint8Array, bits: number): Uint8Array {
  return bytes.map((byte, index) => {
    const left = Math.min(8, Math.max(0, bits - index * 8))
    return byte & (0xff00 >> left) & 0xff
  })
}

/** A key under which a range and every address in it are found. */
export function rangeKey(bytes: Uint8Array, bits: number): string {
  return `${bits} ${Buffer.from(masked(bytes, bits)).toString('hex')}`
}

/** A range as it is written. */
export function rangeText({ bytes, bits }: AddressRange): string {
  if (bytes.length === 4) return bits === 32 ? bytes.join('.') : `${bytes.join('.')}/${bits}`
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  )
  const address = groups.join(':').replace(/\b0(?::0\b)+(?!.*\b0(?::0\b)+)/, ':')
  const short = address.replace(/:{3,}/, '::').replace(/^:$/, '::')
  return bits === 128 ? short : `${short}/${bits}`
}
