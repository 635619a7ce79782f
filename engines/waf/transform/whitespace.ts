import type { Bytes } from '../model.ts'
import { roomFor, spaces, written } from './bytes.ts'

const SPACE = 0x20
const blankOrNoBreak = /[\t-\r \xa0]/
const toCompress = /[\t-\r]| {2}/

/** Every run of blanks as one space. */
export function compressWhitespace(value: Bytes): Bytes {
  if (!toCompress.test(value)) return value
  const room = roomFor(value.length)
  let length = 0
  let inRun = false
  for (let at = 0; at < value.length; at += 1) {
    const byte = value.charCodeAt(at)
    const blank = spaces[byte] === 1
    if (!blank || !inRun) {
      room[length] = blank ? SPACE : byte
      length += 1
    }
    inRun = blank
  }
  return written(room, length, value)
}

const kept = Uint8Array.from(spaces, (blank, byte) => (blank === 1 || byte === 0xa0 ? 0 : 1))

/** Without blanks and no-break spaces (`A0`, and `C2 A0` as UTF-8 has it). */
export function removeWhitespace(value: Bytes): Bytes {
  if (!blankOrNoBreak.test(value)) return value
  const room = roomFor(value.length)
  room.write(value, 'latin1')
  let length = 0
  for (let at = 0; at < value.length; at += 1) {
    // In place and without a branch: where blanks stand cannot be foreseen.
    const byte = room[at] as number
    room[length] = byte
    length += kept[byte] as number
    if (byte === 0xc2 && room[at + 1] === 0xa0) length -= 1
  }
  return written(room, length, value)
}
