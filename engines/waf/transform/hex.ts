import { Buffer } from 'node:buffer'
import type { Bytes } from '../model.ts'
import { hexPair, roomFor, written } from './bytes.ts'

/** Every byte as two small hexadecimal digits. */
export function hexEncode(value: Bytes): Bytes {
  return Buffer.from(value, 'latin1').toString('hex')
}

/** Two digits a byte, without asking whether they are digits (as ModSecurity); an odd last byte is dropped. */
export function hexDecode(value: Bytes): Bytes {
  const room = roomFor(value.length >> 1)
  for (let at = 0; at + 1 < value.length; at += 2)
    room[at >> 1] = anyDigit(value.charCodeAt(at)) * 16 + anyDigit(value.charCodeAt(at + 1))
  return room.toString('latin1', 0, value.length >> 1)
}

function anyDigit(byte: number): number {
  return byte >= 0x41 ? (byte & 0xdf) - 0x41 + 10 : byte - 0x30
}

const hexLiteral = /0[xX][0-9A-Fa-f]{2}/

/** `0x` followed by digits as the bytes they stand for. */
export function sqlHexDecode(value: Bytes): Bytes {
  if (!hexLiteral.test(value)) return value
  const room = roomFor(value.length)
  let length = 0
  for (let at = 0; at < value.length;) {
    const isLiteral =
      value.charCodeAt(at) === 0x30 &&
      (value.charCodeAt(at + 1) | 0x20) === 0x78 &&
      hexPair(value, at + 2) >= 0
    if (isLiteral) {
      at += 2
      for (let pair = hexPair(value, at); pair >= 0; pair = hexPair(value, at)) {
        room[length] = pair
        length += 1
        at += 2
      }
    } else {
      room[length] = value.charCodeAt(at)
      length += 1
      at += 1
    }
  }
  return written(room, length, value)
}
