import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { conformAge } from './age-kit.ts'
import { conformKeyWrap } from './key-wrap.ts'

const publicData = process.env['SURETY_PUBLIC_DATA']
const skip = publicData === undefined ? 'SURETY_PUBLIC_DATA names no folder of public vectors' : false

test('the library that seals the keys of backups meets the age test kit for its recipients', async () => {
  const { passed, failed } = await conformAge(['hybrid', 'x25519', 'hmac'])
  assert.deepEqual(failed, [])
  assert.ok(passed >= 35, `only ${passed} cases were run`)
})

test('key wrap meets every published case, and a wrong expectation is found', { skip }, async () => {
  const folder = join(publicData ?? '', 'wycheproof')
  const { passed, failed } = await conformKeyWrap(folder)
  assert.deepEqual(failed, [])
  assert.equal(passed, 254 + 165)
  const copy = await mkdtemp(join(tmpdir(), 'surety-key-wrap-'))
  try {
    await cp(folder, copy, { recursive: true })
    const path = join(copy, 'aes_kwp_test.json')
    await writeFile(path, (await readFile(path, 'utf8')).replace('"invalid"', '"valid"'))
    assert.equal((await conformKeyWrap(copy)).failed.length, 1)
  } finally {
    await rm(copy, { recursive: true })
  }
})
