import { isIPv4, isIPv6 } from 'node:net'

/** The 4 or 16 bytes of an IP address; throws for anything else. */
export function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split('.'), Number)
  if (!isIPv6(address)) throw new Error('not an IP address')
  const plain = address.split('%')[0] ?? ''
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(plain)
  const tail = dotted === null ? [] : Array.from(addressBytes(dotted[2] ?? ''))
  const [left = '', right] = (dotted?.[1]?.replace(/([^:]):$/, '$1') ?? plain).split('::')
  const head = groups(left)
  const rest = [...groups(right ?? ''), ...tail]
  const gap = right === undefined ? 0 : 16 - head.length - rest.length
  return Uint8Array.from([...head, ...Array.from({ length: gap }, () => 0), ...rest])
}

function groups(text: string): number[] {
  return text
    .split(':')
    .filter((group) => group !== '')
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
}

/** The bytes of an address; one of IPv4 that is mapped into IPv6 (RFC 4291 §2.5.5.2) is one of IPv4. */
export function plainBytes(address: string): Uint8Array {
  const bytes = addressBytes(address)
  const mapped =
    bytes.length === 16 && Buffer.from(bytes.subarray(0, 12)).toString('hex') === '00000000000000000000ffff'
  return mapped ? bytes.subarray(12) : bytes
}

/** The two names that an address is counted under. */
interface Names {
  readonly network: string
  readonly site: string
}

/** Names of addresses met lately: each request asks for them several times. */
const met = new Map<string, Names>()
const MET_MAX = 10_000

function namesOf(address: string): Names {
  const known = met.get(address)
  if (known !== undefined) return known
  const network = readNetwork(address)
  const names = { network, site: network.endsWith('/64') ? `${network.slice(0, 12)}/48` : network }
  if (met.size >= MET_MAX) met.clear()
  met.set(address, names)
  return names
}

function readNetwork(address: string): string {
  if (!isIPv4(address) && !isIPv6(address)) return 'unknown'
  const bytes = plainBytes(address)
  return bytes.length === 4
    ? `${bytes[0]}.${bytes[1]}.${bytes[2]}/24`
    : `${Buffer.from(bytes.subarray(0, 8)).toString('hex')}/64`
}

/**
 * The network that an anonymous client is counted by: the /24 of an IPv4 address (also when mapped into IPv6), the
 * /64 of an IPv6 address, and `unknown` for what is no address.
 */
export function clientNetwork(address: string): string {
  return namesOf(address).network
}

/**
 * What one customer of a provider has at most: the /48 of an IPv6 address (RFC 6177), in which there are 65,536 networks
 * to change between; the network itself for IPv4.
 */
export function clientSite(address: string): string {
  return namesOf(address).site
}
