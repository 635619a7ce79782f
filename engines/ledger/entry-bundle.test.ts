import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeEntryBundle, parseEntryBundle } from './entry-bundle.ts'
import { entryBytesMax } from './merkle-hash.ts'

const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 20 })
const plain = (list: readonly Uint8Array[]) => list.map((entry) => [...entry])

test('a bundle is each entry after its length as a big-endian uint16', () => {
  const bundle = encodeEntryBundle([Buffer.from('a'), Buffer.alloc(0), Buffer.alloc(258, 7)])
  assert.deepEqual([...bundle.subarray(0, 8)], [0, 1, 97, 0, 0, 1, 2, 7])
})

test('every bundle is read back entry by entry', () => {
  fc.assert(
    fc.property(entries, (entries) => {
      assert.deepEqual(plain(parseEntryBundle(encodeEntryBundle(entries), entries.length)), plain(entries))
    }),
  )
})

test('a bundle that is cut, overlong or of another count is refused', () => {
  fc.assert(
    fc.property(entries, fc.nat(), (entries, cut) => {
      const bundle = encodeEntryBundle(entries)
      const count = entries.length
      const refused = { code: 'bundle-malformed' }
      assert.throws(() => parseEntryBundle(bundle.subarray(0, cut % bundle.length), count), refused)
      assert.throws(() => parseEntryBundle(Buffer.concat([bundle, Buffer.from([0])]), count), refused)
      assert.throws(() => parseEntryBundle(bundle, count + 1), refused)
      assert.throws(() => parseEntryBundle(bundle, count - 1), refused)
    }),
  )
})

test('the first entry that is not whole is named', () => {
  const bundle = encodeEntryBundle([Buffer.from('aa'), Buffer.from('bb')])
  for (const bytes of [5, 6, 7])
    assert.throws(() => parseEntryBundle(bundle.subarray(0, bytes), 2), {
      code: 'bundle-malformed',
      index: 1,
    })
})

test('the longest entry fits and one byte more is refused by name', () => {
  const longest = Buffer.alloc(entryBytesMax, 1)
  assert.deepEqual(plain(parseEntryBundle(encodeEntryBundle([longest]), 1)), plain([longest]))
  assert.throws(() => encodeEntryBundle([longest, Buffer.alloc(entryBytesMax + 1)]), {
    code: 'entry-too-long',
    index: 1,
  })
})
