import { Buffer } from 'node:buffer'
import { readBytes } from '../byte-room.ts'
import type { Bytes } from '../model.ts'
import { roomFor } from './bytes.ts'

const CARRIAGE_RETURN = 0x0d
const NEWLINE = 0x0a
const notOfTheAlphabet = /[^A-Za-z0-9+/]/g

/** What each byte of the alphabet stands for; 255 for every other byte. */
const sextets = new Uint8Array(256).fill(255)
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
for (let index = 0; index < alphabet.length; index += 1) sextets[alphabet.charCodeAt(index)] = index

/** Decodes up to the first byte that is neither of the alphabet nor a line break; padding may be absent. */
export function base64Decode(value: Bytes): Bytes {
  const room = roomFor(value.length)
  const bytes = readBytes(value)
  let [length, bits, held] = [0, 0, 0]
  for (let at = 0; at < value.length; at += 1) {
    const byte = bytes[at] as number
    const sextet = sextets[byte] as number
    if (sextet === 255) {
      if (byte === CARRIAGE_RETURN || byte === NEWLINE) continue
      break
    }
    bits = ((bits << 6) | sextet) & 0xffff
    held += 6
    if (held < 8) continue
    held -= 8
    room[length] = bits >>> held
    length += 1
  }
  return length === 0 ? '' : room.toString('latin1', 0, length)
}

/** Decodes whatever is of the alphabet and passes over everything else, as lenient decoders such as PHP's do. */
export function base64DecodeExt(value: Bytes): Bytes {
  return Buffer.from(value.replace(notOfTheAlphabet, ''), 'base64').toString('latin1')
}

/** With padding, without line breaks. */
export function base64Encode(value: Bytes): Bytes {
  return Buffer.from(value, 'latin1').toString('base64')
}
