import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { messageCutter } from './copy-socket.ts'

function message(kind: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(kind)
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

test('messages come out whole and in order however they were cut, also those longer than the buffer', () => {
  const bodies = fc.array(fc.tuple(fc.nat(255), fc.oneof(fc.nat(40), fc.constantFrom(262_140, 300_000))), {
    maxLength: 6,
  })
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1 }), (given, cuts) => {
      const sent = given.map(([kind, bytes]) => message(kind, Buffer.alloc(bytes, kind)))
      const stream = Buffer.concat(sent)
      const got: Buffer[] = []
      const cut = messageCutter((whole) => got.push(Buffer.from(whole)))
      const reused = Buffer.alloc(400_000)
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const count = Math.min(cuts[turn % cuts.length] ?? 1, stream.length - at)
        // A cut of one byte at a time would take long for the longest ones.
        const taken = stream.length > 1000 ? Math.min(Math.max(count, 997), stream.length - at) : count
        stream.copy(reused, 0, at, at + taken)
        cut(reused.subarray(0, taken))
        at += taken
      }
      assert.ok(Buffer.concat(got).equals(stream) && got.length === sent.length)
    }),
    { numRuns: 40 },
  )
})

test('a length that no message has ends it before memory is taken for it', () => {
  for (const counted of [0, 3, 2 ** 26, 2 ** 32 - 1]) {
    const head = message(0x64, Buffer.alloc(0))
    head.writeUInt32BE(counted, 1)
    const cut = messageCutter(() => assert.fail('there is no message'))
    assert.throws(() => cut(head), RangeError)
    const second = messageCutter(() => assert.fail('there is no message'))
    assert.throws(() => {
      second(head.subarray(0, 3))
      second(head.subarray(3))
    }, RangeError)
  }
})
