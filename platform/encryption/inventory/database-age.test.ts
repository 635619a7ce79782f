import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { ageNotes, opensslIn } from './database-age.ts'

const at = (day: string): Date => new Date(`${day}T00:00:00Z`)

suite('the age of the database server', () => {
  test('a server is told when a newer minor release is known, or must have come out', () => {
    assert.deepEqual(ageNotes({ number: 180_004, openssl: null }, at('2026-05-20')), [])
    assert.match(
      ageNotes({ number: 180_002, openssl: null }, at('2026-05-20')).join(),
      /18\.2 is 97 days old; 18\.4 is out/,
    )
    assert.deepEqual(ageNotes({ number: 180_002, openssl: null }, at('2026-02-20')), [])
    assert.match(
      ageNotes({ number: 180_004, openssl: null }, at('2026-11-22')).join(),
      /18\.4 is 192 days old; newer ones/,
    )
    assert.match(
      ageNotes({ number: 160_003, openssl: null }, at('2026-05-20')).join(),
      /16\.3 is old; 16\.14 is out/,
    )
  })

  test('a server of a release that is not known is left alone', () => {
    assert.deepEqual(ageNotes({ number: 190_001, openssl: '3.5.8' }, at('2030-01-01')), [])
  })

  test('an OpenSSL without fixes is told from the day of its end on', () => {
    const server = { number: 190_000, openssl: '1.1.1' }
    assert.match(
      ageNotes(server, at('2026-11-22')).join(),
      /OpenSSL 1\.1\.1 along, which has had no fixes since 2023-09-11/,
    )
    assert.deepEqual(ageNotes(server, at('2023-01-01')), [])
    assert.deepEqual(ageNotes({ ...server, openssl: '3.5.8' }, at('2026-11-22')), [])
  })

  test('the version is read from the bytes of a library, also across two pieces', async (context) => {
    const file = join(tmpdir(), `surety-probe-${randomBytes(6).toString('hex')}`)
    context.after(() => rm(file, { force: true }))
    for (const before of [0, 5, 65_536 - 12, 200_000]) {
      await writeFile(
        file,
        Buffer.concat([Buffer.alloc(before), Buffer.from('OpenSSL 1.1.1w  11 Sep 2023'), randomBytes(99)]),
      )
      assert.equal(await opensslIn(file), '1.1.1w')
    }
    await writeFile(file, 'nothing of the kind')
    assert.equal(await opensslIn(file), null)
  })
})
