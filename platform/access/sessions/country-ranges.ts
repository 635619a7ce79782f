import { readFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Where addresses were given out to: sorted ranges in typed arrays, so that 210,000 of them take some 4 MB. */
export interface CountryRanges {
  /** Two letters (ISO 3166-1) for an address of 4 or 16 bytes; null when nobody was given it. */
  countryOf(address: Uint8Array): string | null
}

const V4_FILE = '@ip-location-db/asn-country/asn-country-ipv4-num.csv'
const V6_FILE = '@ip-location-db/asn-country/asn-country-ipv6-num.csv'
/** No range of version 6 is smaller than 64 bits of network, so the other half is left out. */
const HOST_BITS = 64n

interface Ranges<Numbers extends Uint32Array | BigUint64Array> {
  readonly from: Numbers
  readonly to: Numbers
  readonly country: Uint16Array
}

/** Lines between which other work gets its turn. */
const LINES_AT_ONCE = 5000

/** Hands over every range of a file; the file is read whole and freed again. */
async function eachRange(
  file: string,
  take: (from: string, to: string, country: string) => void,
): Promise<void> {
  const text = await readFile(fileURLToPath(import.meta.resolve(file)), 'latin1')
  let lines = 0
  for (let start = 0; start < text.length; lines += 1) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const [from, to, country] = text.slice(start, end).trim().split(',')
    if (from !== undefined && to !== undefined && country?.length === 2) take(from, to, country)
    start = end + 1
    if (lines % LINES_AT_ONCE === 0) await setImmediate()
  }
}

function packed(country: string): number {
  return (country.charCodeAt(0) << 8) | country.charCodeAt(1)
}

async function readV4(): Promise<Ranges<Uint32Array>> {
  const from: number[] = []
  const to: number[] = []
  const country: number[] = []
  await eachRange(V4_FILE, (first, last, name) => {
    from.push(Number(first))
    to.push(Number(last))
    country.push(packed(name))
  })
  return { from: Uint32Array.from(from), to: Uint32Array.from(to), country: Uint16Array.from(country) }
}

async function readV6(): Promise<Ranges<BigUint64Array>> {
  const from: bigint[] = []
  const to: bigint[] = []
  const country: number[] = []
  await eachRange(V6_FILE, (first, last, name) => {
    from.push(BigInt(first) >> HOST_BITS)
    to.push(BigInt(last) >> HOST_BITS)
    country.push(packed(name))
  })
  return { from: BigUint64Array.from(from), to: BigUint64Array.from(to), country: Uint16Array.from(country) }
}

/** The place of the last range that begins at or before `wanted`; -1 when none does. */
function lastFrom<Value extends number | bigint>(from: ArrayLike<Value>, wanted: Value): number {
  let low = 0
  let high = from.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const value = from[middle]
    if (value !== undefined && value <= wanted) low = middle + 1
    else high = middle
  }
  return low - 1
}

function nameAt(
  { from, to, country }: Ranges<Uint32Array> | Ranges<BigUint64Array>,
  wanted: number | bigint,
): string | null {
  const at = lastFrom<number | bigint>(from, wanted)
  const end = to[at]
  if (end === undefined || end < wanted) return null
  const code = country[at] ?? 0
  return String.fromCharCode(code >> 8, code & 0xff)
}

/** Reads the ranges; takes some tenths of a second, in small pieces. */
export async function readCountryRanges(): Promise<CountryRanges> {
  const v4 = await readV4()
  const v6 = await readV6()
  return {
    countryOf: (address) => {
      const bytes = new DataView(address.buffer, address.byteOffset, address.byteLength)
      if (address.byteLength === 4) return nameAt(v4, bytes.getUint32(0))
      return address.byteLength === 16 ? nameAt(v6, bytes.getBigUint64(0)) : null
    },
  }
}
