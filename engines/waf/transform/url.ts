import type { Bytes } from '../model.ts'
import { bestFit } from './best-fit.ts'
import { hexPair, roomFor, written } from './bytes.ts'

const PERCENT = 0x25
const PLUS = 0x2b
const SPACE = 0x20

/** `%HH` and `+`; a percent sign without two digits stays. */
export function urlDecode(value: Bytes): Bytes {
  return decode(value, false)
}

/** As `urlDecode`, and Microsoft's `%uHHHH`, which becomes the nearest ASCII character or else its low byte. */
export function urlDecodeUni(value: Bytes): Bytes {
  return decode(value, true)
}

/** Longer texts are changed faster as bytes. */
const SHORT_LENGTH_MAX = 64
const spaced = Uint8Array.from({ length: 256 }, (_, byte) => (byte === PLUS ? SPACE : byte))

/** A space for every `+`. */
export function plusAsSpace(value: Bytes): Bytes {
  if (!value.includes('+')) return value
  if (value.length <= SHORT_LENGTH_MAX) return value.replaceAll('+', ' ')
  const room = roomFor(value.length)
  room.write(value, 'latin1')
  for (let at = 0; at < room.length; at += 1) room[at] = spaced[room[at] as number] as number
  return room.toString('latin1')
}

function decode(value: Bytes, unicode: boolean): Bytes {
  if (!value.includes('%')) return plusAsSpace(value)
  const room = roomFor(value.length)
  let length = 0
  for (let at = 0; at < value.length; at += 1) {
    const byte = value.charCodeAt(at)
    let result = byte === PLUS ? SPACE : byte
    if (byte === PERCENT) {
      const pair = hexPair(value, at + 1)
      const wide = pair < 0 && unicode ? wideEscape(value, at + 1) : -1
      if (pair >= 0) {
        result = pair
        at += 2
      } else if (wide >= 0) {
        result = bestFit(wide)
        at += 5
      }
    }
    room[length] = result
    length += 1
  }
  return written(room, length, value)
}

/** The code of `uHHHH` at `index`, or -1. */
function wideEscape(value: Bytes, index: number): number {
  if ((value.charCodeAt(index) | 0x20) !== 0x75) return -1
  const high = hexPair(value, index + 1)
  const low = hexPair(value, index + 3)
  return high < 0 || low < 0 ? -1 : high * 256 + low
}

const keptByUrlEncode = /^[0-9A-Za-z*]*$/
const escapes = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  if (byte === SPACE) return '+'
  return keptByUrlEncode.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
})

/** Every byte but letters, digits and `*` as `%hh`, a space as `+`. */
export function urlEncode(value: Bytes): Bytes {
  if (keptByUrlEncode.test(value)) return value
  let result = ''
  for (let at = 0; at < value.length; at += 1) result += escapes[value.charCodeAt(at)]
  return result
}
