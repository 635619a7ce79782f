import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { entryBundlePath, parseLogPath, tilePath } from './tile-path.ts'

test('paths are written as C2SP tlog-tiles writes them', () => {
  assert.equal(tilePath({ level: 0, index: 1_234_067, width: 256 }), 'tile/0/x001/x234/067')
  assert.equal(tilePath({ level: 1, index: 0, width: 17 }), 'tile/1/000.p/17')
  assert.equal(tilePath({ level: 63, index: 999, width: 255 }), 'tile/63/999.p/255')
  assert.equal(entryBundlePath({ index: 273, width: 112 }), 'tile/entries/273.p/112')
  assert.equal(entryBundlePath({ index: 1000, width: 256 }), 'tile/entries/x001/000')
})

const index = fc.oneof(fc.nat({ max: 5000 }), fc.maxSafeNat())
const width = fc.integer({ min: 1, max: 256 })

test('every path is read back as what was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 63 }), index, width, (level, index, width) => {
      assert.deepEqual(parseLogPath(tilePath({ level, index, width })), { kind: 'tile', level, index, width })
      assert.deepEqual(parseLogPath(entryBundlePath({ index, width })), { kind: 'entries', index, width })
    }),
  )
  assert.deepEqual(parseLogPath('checkpoint'), { kind: 'checkpoint' })
})

test('a path has one spelling and every other is refused', () => {
  const refused = [
    '',
    'checkpoint/',
    '/tile/0/000',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/000',
    'tile/0/001/000',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/',
    'tile/0/000\n',
    'tile/0/../checkpoint',
    'tile/entries/000.p/1/x',
    'tile/entries/x999/x999/x999/x999/x999/x999/999',
  ]
  for (const path of refused) assert.throws(() => parseLogPath(path), { code: 'path-malformed', path })
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from('tile/entries.px0129')) }), (path) => {
      try {
        const found = parseLogPath(path)
        assert.equal(
          found.kind === 'tile'
            ? tilePath(found)
            : found.kind === 'entries'
              ? entryBundlePath(found)
              : 'checkpoint',
          path,
        )
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'path-malformed')
      }
    }),
  )
})

test('a number the format cannot hold is refused', () => {
  for (const index of [-1, 0.5, Number.NaN, 2 ** 53])
    assert.throws(() => entryBundlePath({ index, width: 256 }), { code: 'out-of-range' })
  for (const width of [0, 257, 1.5])
    assert.throws(() => entryBundlePath({ index: 0, width }), { code: 'out-of-range' })
  for (const level of [-1, 64, 0.5])
    assert.throws(() => tilePath({ level, index: 0, width: 1 }), { code: 'out-of-range' })
})
