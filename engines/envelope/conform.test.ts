import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { conformEnvelope } from './conform.ts'

const publicData = process.env.SURETY_PUBLIC_DATA
const skip = publicData === undefined ? 'SURETY_PUBLIC_DATA names no folder of public vectors' : false
const casesDir = join(publicData ?? '', 'wycheproof')

test('policy 2.2-a: the primitives meet every Wycheproof vector they are used for', { skip }, async () => {
  const { passed, refused, failed } = await conformEnvelope(casesDir)
  assert.deepEqual(failed, [])
  assert.ok(passed >= 500, `only ${passed} vectors were run`)
  assert.ok(refused > 0, 'no vector with another key or nonce length was seen to be refused')
})

test('a folder without vectors fails for every file', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'envelope-'))
  try {
    const { failed } = await conformEnvelope(empty)
    assert.equal(failed.length, 6)
  } finally {
    await rm(empty, { recursive: true })
  }
})

test('a case that cannot be read is a failure, even where a rejection was due', { skip }, async () => {
  const copy = await mkdtemp(join(tmpdir(), 'envelope-'))
  try {
    await cp(casesDir, copy, { recursive: true })
    const path = join(copy, 'ed25519_test.json')
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('"sig"', '"signature"'))
    const { failed } = await conformEnvelope(copy)
    assert.ok(failed.some((line) => line.endsWith('cannot read, expected rejects')))
  } finally {
    await rm(copy, { recursive: true })
  }
})

const damages: readonly (readonly [string, string, (json: string) => string])[] = [
  [
    'a wrong expectation',
    'hkdf_sha256_test.json',
    (json) => json.replace('3cb25f25faacd57a', '0000000000000000'),
  ],
  ['a valid case called invalid', 'hmac_sha256_test.json', (json) => json.replace('"valid"', '"invalid"')],
  ['an invalid case called valid', 'ed25519_test.json', (json) => json.replace('"invalid"', '"valid"')],
  ['renamed values', 'aes_gcm_test.json', (json) => json.replaceAll('"tag"', '"mac"')],
  ['no groups', 'c2sp_chunked_encryption_aes_256_gcm_test.json', () => '{"testGroups":[]}'],
  ['broken JSON', 'ed25519_test.json', (json) => json.slice(1)],
]

for (const [what, file, damage] of damages) {
  test(`vectors with ${what} make the run fail`, { skip }, async () => {
    const copy = await mkdtemp(join(tmpdir(), 'envelope-'))
    try {
      await cp(casesDir, copy, { recursive: true })
      const path = join(copy, file)
      const original = await readFile(path, 'utf8')
      assert.notEqual(damage(original), original)
      await writeFile(path, damage(original))
      const { failed } = await conformEnvelope(copy)
      assert.ok(failed.length > 0 && failed.every((line) => line.startsWith(file)))
    } finally {
      await rm(copy, { recursive: true })
    }
  })
}
