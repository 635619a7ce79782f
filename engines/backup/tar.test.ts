import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { TarError, TarReader, type TarEntry } from './tar.ts'
import { tarHeader, tarOf, type WrittenEntry } from './tar.fixture.ts'

function read(archive: Buffer, cut = 700): { readonly entry: TarEntry; readonly bytes: Buffer }[] {
  const seen: { entry: TarEntry; bytes: Buffer }[] = []
  let current: { entry: TarEntry; bytes: Buffer } | undefined
  const reader = new TarReader({
    entry: (entry) => {
      current = { entry, bytes: Buffer.alloc(0) }
    },
    data: (bytes) => {
      if (current !== undefined) current.bytes = Buffer.concat([current.bytes, bytes])
    },
    end: () => {
      if (current !== undefined) seen.push(current)
    },
  })
  for (let at = 0; at < archive.length; at += cut) reader.write(archive.subarray(at, at + cut))
  reader.end()
  return seen
}

suite('tar', () => {
  test('every file comes out as it went in, wherever the pieces are cut', () => {
    const part = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9_.]{0,20}$/)
    const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'))
    const entry = fc.record({
      name,
      bytes: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
    })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), fc.integer({ min: 1, max: 3000 }), (entries, cut) => {
        const seen = read(tarOf(entries), cut)
        assert.deepEqual(
          seen.map(({ entry: { name }, bytes }) => ({ name, bytes })),
          entries.map(({ name, bytes }) => ({ name, bytes })),
        )
      }),
      { numRuns: 60 },
    )
  })

  test('a size over 8 GiB is read in base 256', () => {
    const sizeField = Buffer.alloc(12)
    sizeField.writeUInt8(0x80, 0)
    sizeField.writeBigUInt64BE(9_000_000_000n, 4)
    const sizes: number[] = []
    const sink = { entry: (entry: TarEntry) => void sizes.push(entry.bytes), data: () => {}, end: () => {} }
    const reader = new TarReader(sink)
    reader.write(tarHeader({ name: 'large', sizeField }))
    assert.deepEqual(sizes, [9_000_000_000])
    assert.throws(() => reader.end(), TarError)
  })

  const hostile: readonly [string, WrittenEntry][] = [
    ['a name that climbs', { name: '../outside' }],
    ['a name that climbs in the middle', { name: 'base/../../outside' }],
    ['an absolute name', { name: '/etc/passwd' }],
    ['a name with a backslash', { name: 'base\\..\\outside' }],
    ['a name with a line break', { name: 'base\nx' }],
    ['an empty name', { name: '' }],
    ['a folder of dots', { name: 'base/./x' }],
    ['a hard link', { name: 'x', type: '1', target: '/etc/passwd' }],
    ['a device', { name: 'x', type: '3' }],
    ['a long name of GNU tar', { name: 'x', type: 'L' }],
    ['a pax header', { name: 'x', type: 'x' }],
    ['a folder with bytes', { name: 'x', type: '5', bytes: Buffer.alloc(10) }],
    ['a negative size', { name: 'x', sizeField: Buffer.alloc(12, 0xff) }],
    ['a size that is no number', { name: 'x', sizeField: Buffer.from('12x456789012') }],
  ]
  for (const [what, entry] of hostile)
    test(`${what} is refused`, () => assert.throws(() => read(tarOf([entry])), TarError))

  test('an archive that ends too early, or goes on after its end, is refused', () => {
    const whole = tarOf([{ name: 'x', bytes: Buffer.alloc(1000, 1) }])
    for (const cut of [1, 511, 512, 900, 1511, 1535])
      if (cut !== 512) assert.throws(() => read(whole.subarray(0, cut)), TarError, String(cut))
    assert.throws(() => read(Buffer.concat([whole, tarOf([{ name: 'y' }])])), TarError)
  })

  test('every change of a header is refused', () => {
    const whole = tarOf([{ name: 'base/1/2', bytes: Buffer.alloc(20, 1) }])
    for (let at = 0; at < 512; at++) {
      if (at >= 154 && at < 156) continue
      const changed = Buffer.from(whole)
      changed.writeUInt8(changed.readUInt8(at) ^ 0x01, at)
      assert.throws(() => read(changed), TarError, `byte ${at}`)
    }
  })
})
