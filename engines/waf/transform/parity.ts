import type { Bytes } from '../model.ts'
import { roomFor, written } from './bytes.ts'

/** The low seven bits with a highest bit that is set where the byte had an odd number of ones, in all eight bits as ModSecurity counts them. */
export function parityEven7bit(value: Bytes): Bytes {
  return mapped(value, evenParity)
}

/** The low seven bits with a highest bit that is set where the byte had an even number of ones, in all eight bits as ModSecurity counts them. */
export function parityOdd7bit(value: Bytes): Bytes {
  return mapped(value, oddParity)
}

/** The low seven bits. */
export function parityZero7bit(value: Bytes): Bytes {
  return beyondAscii.test(value) ? mapped(value, noParity) : value
}

const beyondAscii = /[\x80-\xff]/
const evenParity = Uint8Array.from(
  { length: 256 },
  (_, byte) => (byte & 0x7f) | (onesAreOdd(byte) ? 0x80 : 0),
)
const oddParity = Uint8Array.from({ length: 256 }, (_, byte) => (byte & 0x7f) | (onesAreOdd(byte) ? 0 : 0x80))
const noParity = Uint8Array.from({ length: 256 }, (_, byte) => byte & 0x7f)

function onesAreOdd(byte: number): boolean {
  let odd = false
  for (let rest = byte; rest > 0; rest >>= 1) odd = odd !== ((rest & 1) === 1)
  return odd
}

function mapped(value: Bytes, table: Uint8Array): Bytes {
  const room = roomFor(value.length)
  for (let at = 0; at < value.length; at += 1) room[at] = table[value.charCodeAt(at)] ?? 0
  return written(room, value.length, value)
}
