import assert from 'node:assert/strict'
import { verify } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { programHash } from './check-code.ts'
import { openPolicySigner } from './signing-key.ts'

test('policy P-a: starts at once make one key, closed to other users, and later starts find it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'surety-keys-'))
  const signers = await Promise.all(Array.from({ length: 8 }, () => openPolicySigner(folder)))
  assert.equal(new Set(signers.map(({ id }) => id)).size, 1)
  assert.equal((await openPolicySigner(folder)).id, signers[0]?.id)
  assert.deepEqual(await readdir(folder), ['policy-signing.key'])
  assert.equal((await stat(join(folder, 'policy-signing.key'))).mode & 0o777, 0o600)
  await rm(folder, { recursive: true })
})

test('policy P-a: a signature verifies with the published key alone, and not over other bytes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'surety-keys-'))
  const signer = await openPolicySigner(folder)
  const signature = signer.sign(Buffer.from('a statement'))
  assert.ok(verify(null, Buffer.from('a statement'), signer.publicKey, signature))
  assert.ok(!signer.verify(Buffer.from('another statement'), signature))
  await rm(folder, { recursive: true })
})

test('a damaged key file is refused and never replaced', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'surety-keys-'))
  await writeFile(join(folder, 'policy-signing.key'), '')
  await assert.rejects(openPolicySigner(folder))
  assert.equal((await stat(join(folder, 'policy-signing.key'))).size, 0)
  await rm(folder, { recursive: true })
})

test('the hash of the program changes with any of its source files, and with nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'surety-code-'))
  const root = new URL(`file://${folder}/`)
  await mkdir(join(folder, 'platform/sample'), { recursive: true })
  await writeFile(join(folder, 'platform/sample/index.ts'), 'one')
  const one = await programHash(root)
  await writeFile(join(folder, 'platform/sample/index.test.ts'), 'a test')
  assert.deepEqual(await programHash(root), one)
  await writeFile(join(folder, 'platform/sample/index.ts'), 'other')
  assert.notDeepEqual(await programHash(root), one)
  await rm(folder, { recursive: true })
})
