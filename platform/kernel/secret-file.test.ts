import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileIfThere, keyFile, secretFile, signingKeyFile, signingKeyIfThere } from './secret-file.ts'

suite('files that hold secrets', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'surety-secret-file-'))
  })
  after(() => rm(folder, { recursive: true }))

  test('policy 2.3-b: of many starts at once one makes the file, and nobody else may look at it', async () => {
    const keys = join(folder, 'at-once')
    let made = 0
    const texts = await Promise.all(
      Array.from({ length: 8 }, () => secretFile(join(keys, 'one'), () => `secret ${(made += 1)}`)),
    )
    assert.equal(new Set(texts.map(String)).size, 1)
    assert.deepEqual(await readdir(keys), ['one'])
    assert.equal((await stat(keys)).mode & 0o777, 0o700)
    assert.equal((await stat(join(keys, 'one'))).mode & 0o777, 0o600)
  })

  test('a file that is there is never replaced, not even an empty one', async () => {
    const keys = join(folder, 'kept')
    await secretFile(join(keys, 'other'), () => 'x')
    await writeFile(join(keys, 'empty.key'), '')
    assert.equal((await secretFile(join(keys, 'empty.key'), () => 'new')).length, 0)
    await assert.rejects(keyFile(keys, 'empty.key'), /empty\.key does not hold 32 bytes/)
    await assert.rejects(signingKeyFile(keys, 'empty.key'))
    assert.equal((await stat(join(keys, 'empty.key'))).size, 0)
  })

  test('a making that fails leaves no file behind', async () => {
    const keys = join(folder, 'failing')
    await assert.rejects(
      secretFile(join(keys, 'one'), () => {
        throw new Error('no randomness')
      }),
    )
    assert.deepEqual(await readdir(keys), [])
  })

  test('a missing file is told from one that cannot be read', async () => {
    assert.equal(await fileIfThere(join(folder, 'nothing')), undefined)
    assert.equal(await signingKeyIfThere(folder, 'nothing'), undefined)
    await assert.rejects(fileIfThere(folder), { code: 'EISDIR' })
  })
})
