import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { CountryRanges } from './country-ranges.ts'

/** Whence an address probably is. */
export interface Place {
  /** Two letters (ISO 3166-1); null for addresses that are in no country. */
  readonly country: string | null
  readonly says: string
}

/** Tells places; close to nothing is kept in memory while nobody asks. */
export type PlaceOf = (address: string) => Promise<Place>

/** Whose data the places come from, and how far to believe them; shown wherever places are. */
export const PLACES_NOTE =
  'Places are approximate: the country that a network was given out to. From statistics of the Number Resource Organization (nro.net, CC BY 4.0) as compiled by ip-location-db.'

/** The ranges are dropped from memory after so long without a question. */
const KEPT_MS = 5 * 60_000

const UNKNOWN: Place = { country: null, says: 'unknown' }

/** Addresses that no country was given: this machine's, private ones, links and shared ones of providers (RFC 6890). */
const inside = new BlockList()
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  inside.addSubnet(network, bits, 'ipv4')
inside.addAddress('::1', 'ipv6')
inside.addSubnet('fc00::', 7, 'ipv6')
inside.addSubnet('fe80::', 10, 'ipv6')

/** Makes a teller of places, which reads the ranges when the first address needs them. */
export function openPlaces(
  read: () => Promise<CountryRanges> = async () => (await import('./country-ranges.ts')).readCountryRanges(),
  keptMs = KEPT_MS,
): PlaceOf {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' })
  let ranges: Promise<CountryRanges> | undefined
  let timer: NodeJS.Timeout | undefined
  const held = (): Promise<CountryRanges> => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      ranges = undefined
    }, keptMs)
    timer.unref()
    ranges ??= read().catch((error: unknown) => {
      // The next question tries again.
      ranges = undefined
      throw error
    })
    return ranges
  }
  return async (text) => {
    const address = plain(text)
    if (address === null) return UNKNOWN
    if (inside.check(address, isIPv4(address) ? 'ipv4' : 'ipv6'))
      return { country: null, says: 'this network' }
    const country = (await held()).countryOf(bytesOf(address))
    // Codes that are no country's, such as the one for Europe as a whole, stay unknown.
    if (country === null || names.of(country) === country) return UNKNOWN
    return { country, says: `probably ${names.of(country)}` }
  }
}

/** The address without a zone, version 4 also where it is written inside of version 6; null for what is none. */
function plain(text: string): string | null {
  const [address = ''] = text.split('%', 1)
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1] ?? address
  return isIPv4(mapped) || isIPv6(mapped) ? mapped : null
}

/** The bytes of an address that `plain` let through. */
function bytesOf(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split('.'), Number)
  // The URL parser writes version 6 in its shortest form, with the tail in hexadecimal.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((one) => parseInt(one, 16))
  const first = groups(head)
  const last = groups(tail ?? '')
  const gap = tail === undefined ? 0 : 8 - first.length - last.length
  const all = [...first, ...Array.from({ length: gap }, () => 0), ...last]
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}
