import { randomBytes } from 'node:crypto'
import type { Clock } from './clock.ts'

/** How an id is written: a UUID in small letters, of whatever version; for a pattern that it is a part of. */
export const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'

const WHOLE = new RegExp(`^${UUID}$`)

/** Whether a text is an id as the database writes it; asked with any other one, a statement would fail. */
export function isUuid(text: string): boolean {
  return WHOLE.test(text)
}

/** A new UUID version 7 (RFC 9562): sorts by time, 74 random bits. */
export function newId(clock: Clock): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(clock.now().getTime(), 0, 6)
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
