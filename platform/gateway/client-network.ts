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

/**
 * The network that an anonymous client is counted by: the /24 of an IPv4 address (also when mapped into IPv6), the
 * /64 of an IPv6 address, and `unknown` for what is no address.
 */
export function clientNetwork(address: string): string {
  if (!isIPv4(address) && !isIPv6(address)) return 'unknown'
  const bytes = addressBytes(address)
  const hex = Buffer.from(bytes).toString('hex')
  const v4 =
    bytes.length === 4 ? bytes : hex.startsWith('00000000000000000000ffff') ? bytes.subarray(12) : null
  return v4 === null ? `${hex.slice(0, 16)}/64` : `${v4[0]}.${v4[1]}.${v4[2]}/24`
}

/**
 * What one customer of a provider has at most: the /48 of an IPv6 address (RFC 6177), in which there are 65,536 networks
 * to change between; the network itself for IPv4.
 */
export function clientSite(address: string): string {
  const network = clientNetwork(address)
  return network.endsWith('/64') ? `${network.slice(0, 12)}/48` : network
}
