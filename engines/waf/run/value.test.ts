import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Value } from './value.ts'

test('the set of a text holds exactly its bytes, of short texts and of long ones', () => {
  const text = fc.array(fc.nat(255), { maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
  fc.assert(
    fc.property(text, fc.constantFrom(1, 50), (part, times) => {
      const set = new Value(part.repeat(times)).bytes()
      for (let byte = 0; byte < 256; byte++) {
        const held = (((set[byte >>> 5] ?? 0) >>> (byte & 31)) & 1) === 1
        assert.equal(held, part.includes(String.fromCodePoint(byte)))
      }
    }),
  )
})
