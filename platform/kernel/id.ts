import { randomFillSync } from 'node:crypto'
import type { Clock } from './clock.ts'

/** How an id is written: a UUID in small letters, of whatever version; for a pattern that it is a part of. */
export const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'

const WHOLE = new RegExp(`^${UUID}$`)

/** Whether a text is an id as the database writes it; asked with any other one, a statement would fail. */
export function isUuid(text: string): boolean {
  return WHOLE.test(text)
}

/** Random bytes fetched ahead: one call to the system serves many ids. None is used twice. */
const ahead = Buffer.alloc(4096)
let used = ahead.length
/** Bytes of an id that are not its time. */
const RANDOM_BYTES = 10

/** A new UUID version 7 (RFC 9562): sorts by time, 74 random bits. */
export function newId(clock: Clock): string {
  if (used + RANDOM_BYTES > ahead.length) {
    randomFillSync(ahead)
    used = 0
  }
  ahead[used] = 0x70 | ((ahead[used] ?? 0) & 0x0f)
  ahead[used + 2] = 0x80 | ((ahead[used + 2] ?? 0) & 0x3f)
  const random = ahead.toString('hex', used, used + RANDOM_BYTES)
  ahead.fill(0, used, used + RANDOM_BYTES)
  used += RANDOM_BYTES
  const time = clock.now().getTime().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-${random.slice(0, 4)}-${random.slice(4, 8)}-${random.slice(8)}`
}
