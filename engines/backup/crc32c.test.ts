import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { crc32c, crc32cJoined } from './crc32c.ts'

/** Bit by bit, as RFC 3720 defines it. */
function slowly(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0x82f63b78
  }
  return ~crc >>> 0
}

test('the checksum is the same wherever the bytes lie in memory and however many there are', () => {
  const bytes = randomBytes(128)
  for (let from = 0; from < 9; from++)
    for (let length = 0; length <= 70; length++) {
      const part = bytes.subarray(from, from + length)
      assert.equal(crc32c(part), slowly(part), `${length} bytes from ${from}`)
    }
})

test('the checksum of two parts is joined from those of each', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (first, rest) => {
      const whole = Buffer.concat([first, rest])
      assert.equal(crc32cJoined(crc32c(first), crc32c(rest), rest.length), crc32c(whole))
    }),
  )
  const [large, small] = [randomBytes(5_000_000), randomBytes(3)]
  const joined = crc32cJoined(crc32c(small), crc32c(large), large.length)
  assert.equal(joined, crc32c(Buffer.concat([small, large])))
})
