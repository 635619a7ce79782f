import { readBytes } from '../byte-room.ts'
import type { Bytes } from '../model.ts'
import { roomFor, written } from './bytes.ts'

const changing = /["'\\^,;\t\r\nA-Z]/
const needlessBlank = / [ /(]/
const SPACE = 0x20
const COPY = 0
const DROP = 1
const BLANK = 2
const NO_BLANK_BEFORE = 3

const kinds = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  if ('"\'\\^'.includes(character)) return DROP
  if (' ,;\t\r\n'.includes(character)) return BLANK
  return '/('.includes(character) ? NO_BLANK_BEFORE : COPY
})

/** As a shell reads it: no quotes, backslashes or carets; commas, semicolons and blanks as one space, none before `/` and `(`; small letters. */
export function cmdLine(value: Bytes): Bytes {
  if (!changing.test(value) && !needlessBlank.test(value)) return value
  const room = roomFor(value.length)
  const bytes = readBytes(value)
  let length = 0
  let afterBlank = false
  for (let at = 0; at < value.length; at += 1) {
    const byte = bytes[at] as number
    const kind = kinds[byte]
    if (kind === DROP || (kind === BLANK && afterBlank)) continue
    if (kind === NO_BLANK_BEFORE && afterBlank) length -= 1
    afterBlank = kind === BLANK
    room[length] = afterBlank ? SPACE : byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    length += 1
  }
  return written(room, length, value)
}
