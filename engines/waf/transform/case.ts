import type { Bytes } from '../model.ts'
import { roomFor } from './bytes.ts'

const upper = /[A-Z]/
const lower = /[a-z]/
const beyondAscii = /[\x80-\xff]/

/** ASCII letters small; other bytes stay. */
export function lowercase(value: Bytes): Bytes {
  if (!upper.test(value)) return value
  return beyondAscii.test(value) ? shifted(value, 0x41) : value.toLowerCase()
}

/** ASCII letters large; other bytes stay. */
export function uppercase(value: Bytes): Bytes {
  if (!lower.test(value)) return value
  return beyondAscii.test(value) ? shifted(value, 0x61) : value.toUpperCase()
}

/** Letters of the alphabet that begins at `first` in the other case; the runtime's own also changes `C0` to `FF`. */
function shifted(value: Bytes, first: number): Bytes {
  const room = roomFor(value.length)
  for (let at = 0; at < value.length; at += 1) {
    const byte = value.charCodeAt(at)
    room[at] = byte >= first && byte < first + 26 ? byte ^ 0x20 : byte
  }
  return room.toString('latin1', 0, value.length)
}
