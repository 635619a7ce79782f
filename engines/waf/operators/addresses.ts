import { isIPv4, isIPv6 } from 'node:net'
import type { Bytes } from '../model.ts'
import { WafError, type Place } from '../waf-error.ts'
import { fileLines } from './file-lines.ts'
import type { MakeOperator, Operator } from './operator.ts'

/** The value is an address in one of the networks of the argument, which commas part. */
export const ipMatch: MakeOperator = (argument, _host, place) => inNetworks(argument.split(/[,\s]+/), place)

/** As `ipMatch` with the lines of a file. */
export const ipMatchFromFile: MakeOperator = (argument, host, place) =>
  inNetworks(
    fileLines(argument.trim(), host, place).flatMap((line) => line.split(/[,\s]+/)),
    place,
  )

/** First and last address of a network, as `addressKey` writes them. */
interface Range {
  readonly first: string
  readonly last: string
}

function inNetworks(networks: readonly Bytes[], place: Place): Operator {
  const ranges = merged(
    networks.filter((network) => network !== '').map((network) => readNetwork(network, place)),
  )
  return {
    test: (value) => {
      const key = addressKey(value)
      return key !== null && holds(ranges, key)
    },
    capture: (value) => ({ groups: [value], index: 0 }),
    needs: null,
  }
}

function merged(ranges: readonly Range[]): readonly Range[] {
  const result: Range[] = []
  for (const range of [...ranges].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    const before = result.at(-1)
    if (before === undefined || before.last < range.first) result.push(range)
    else if (before.last < range.last) result[result.length - 1] = { first: before.first, last: range.last }
  }
  return result
}

function holds(ranges: readonly Range[], key: string): boolean {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.first ?? '') <= key) low = middle + 1
    else high = middle
  }
  return low > 0 && key <= (ranges[low - 1]?.last ?? '')
}

function readNetwork(text: Bytes, place: Place): Range {
  const [address = '', mask, ...more] = text.split('/')
  const key = addressKey(address)
  const bits = key === null ? 0 : (key.length - 1) * 4
  const prefix = mask === undefined ? bits : readPrefix(mask)
  if (key === null || more.length > 0 || !(prefix <= bits))
    throw new WafError('operator-argument', `not an address or network: ${text}`, place)
  return { first: filled(key, prefix, 0), last: filled(key, prefix, 1) }
}

/** `24` or `255.255.255.0` as a number of bits; NaN for anything else. */
function readPrefix(mask: string): number {
  if (/^\d{1,3}$/.test(mask)) return Number(mask)
  if (!isIPv4(mask)) return Number.NaN
  const bits = ipv4Digits(mask).replace(/./g, nibble)
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : Number.NaN
}

/** The key with every bit behind the prefix as `bit`. */
function filled(key: string, prefix: number, bit: 0 | 1): string {
  const digits = key.slice(1).replace(/./g, (digit, place: number) => {
    const kept = Math.min(Math.max(prefix - place * 4, 0), 4)
    const free = 0xf >> kept
    const value = Number.parseInt(digit, 16)
    return (bit === 1 ? value | free : value & ~free & 0xf).toString(16)
  })
  return key.charAt(0) + digits
}

function nibble(digit: string): string {
  return Number.parseInt(digit, 16).toString(2).padStart(4, '0')
}

/** An address as its family and hexadecimal digits, so that the order of texts is that of addresses; null for none. An IPv4 address within IPv6 is an IPv4 address. */
export function addressKey(text: string): string | null {
  if (isIPv4(text)) return `4${ipv4Digits(text)}`
  if (!isIPv6(text)) return null
  const digits = ipv6Digits(text.replace(/%.*$/s, ''))
  const within = digits.startsWith('00000000000000000000ffff')
  return within ? `4${digits.slice(24)}` : `6${digits}`
}

function ipv4Digits(text: string): string {
  return text
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('')
}

function ipv6Digits(text: string): string {
  const dotted = /[\d.]*\.[\d.]*$/.exec(text)?.[0]
  const plain =
    dotted === undefined
      ? text
      : text.slice(0, -dotted.length) + ipv4Digits(dotted).replace(/^(.{4})(.{4})$/, '$1:$2')
  const [head = '', tail] = plain.split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  return [
    ...before,
    ...Array.from({ length: 8 - before.length - after.length }, () => '0000'),
    ...after,
  ].join('')
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':').map((group) => group.padStart(4, '0').toLowerCase())
}
