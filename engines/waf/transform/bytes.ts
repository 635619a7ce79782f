import { Buffer } from 'node:buffer'
import { isBlank } from '../blank.ts'
import type { Bytes } from '../model.ts'

/** The number a hexadecimal digit stands for, by byte; -1 for every other byte. */
export const hexDigits: Readonly<Int8Array> = table((byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16)
  return Number.isNaN(digit) ? -1 : digit
})

/** 1 for blank bytes. */
export const spaces: Readonly<Int8Array> = table((byte) => Number(isBlank(byte)))

function table(valueOf: (byte: number) => number): Int8Array {
  return Int8Array.from({ length: 256 }, (_, byte) => valueOf(byte))
}

/** The byte that two hexadecimal digits at `index` stand for; -1 where there are no two. */
export function hexPair(value: Bytes, index: number): number {
  const high = hexDigits[value.charCodeAt(index)] ?? -1
  const low = hexDigits[value.charCodeAt(index + 1)] ?? -1
  return high < 0 || low < 0 ? -1 : high * 16 + low
}

/** A writer's room for a result of at most `length` bytes. */
export function roomFor(length: number): Buffer {
  return Buffer.allocUnsafe(length)
}

/** What was written, or the value itself when every byte of it came out as it went in. */
export function written(room: Buffer, length: number, value: Bytes): Bytes {
  if (length === value.length) {
    const text = room.toString('latin1', 0, length)
    return text === value ? value : text
  }
  return room.toString('latin1', 0, length)
}
