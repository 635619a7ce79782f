import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { readTarGz } from './tar.ts'

suite('archives', () => {
  const folder = mkdtempSync(join(tmpdir(), 'surety-tar-'))
  after(() => rmSync(folder, { recursive: true }))
  const long = `set/${'a'.repeat(60)}/${'b'.repeat(90)}.conf`

  function packed(format: string): Buffer {
    mkdirSync(join(folder, 'set', 'a'.repeat(60)), { recursive: true })
    writeFileSync(join(folder, 'set', 'one.conf'), 'one')
    writeFileSync(join(folder, long), 'x'.repeat(1500))
    rmSync(join(folder, 'set', 'link.conf'), { force: true })
    symlinkSync('/etc/passwd', join(folder, 'set', 'link.conf'))
    return execFileSync('tar', ['--format', format, '-C', folder, '-czf', '-', 'set'])
  }

  for (const format of ['ustar', 'pax', 'gnu'])
    test(`files are read from what tar packs as ${format}, links are left out`, () => {
      const files = readTarGz(packed(format))
      assert.deepEqual(files.map(({ path, content }) => `${content.length} ${path}`).toSorted(), [
        `1500 ${long}`,
        '3 set/one.conf',
      ])
    })

  test('a changed header, an archive cut short and what is no archive are refused', () => {
    const plain = Buffer.from(gunzipSync(packed('ustar')))
    const changed = Buffer.from(plain)
    changed[0] = (changed[0] ?? 0) ^ 1
    assert.throws(() => readTarGz(gzipSync(changed)), /damaged/)
    assert.throws(() => readTarGz(Buffer.from('no archive')))
    assert.throws(() => readTarGz(gzipSync(Buffer.alloc(65 * 1024 * 1024))))
  })

  test('whatever bytes stand in it, no name leaves the archive and reading ends', () => {
    const plain = Buffer.from(gunzipSync(packed('pax')))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(plain.length - 1), fc.nat(255)), { maxLength: 20 }), (edits) => {
        const bytes = Buffer.from(plain)
        for (const [at, value] of edits) bytes[at] = value
        try {
          for (const { path } of readTarGz(gzipSync(bytes, { level: 1 })))
            assert.ok(!path.startsWith('/') && !path.split('/').includes('..'))
        } catch (error) {
          assert.ok(error instanceof Error && error.name !== 'AssertionError')
        }
      }),
      { numRuns: 200 },
    )
  })
})
