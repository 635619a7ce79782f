import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { openPasswordHasher } from './password-hasher.ts'
import { openPeppers } from './pepper.ts'

suite('peppers', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'surety-pepper-'))
  })
  after(() => rm(folder, { recursive: true }))

  test('policy 3.3-b: a turn of the pepper makes a file of its own; every version goes on verifying after a restart', async () => {
    const first = openPasswordHasher(await openPeppers(folder))
    const old = await first.hash('Velvet-otter-9', 4)
    assert.equal(old.pepper_version, 1)
    assert.equal(first.isOld(old, 4), false)
    assert.equal(await first.rotatePepper(), 2)
    const newer = await first.hash('Velvet-otter-9', 4)
    assert.equal(newer.pepper_version, 2)
    assert.deepEqual([first.isOld(old, 4), first.isOld(newer, 4), first.isOld(newer, 5)], [true, false, true])
    await first.close()
    assert.deepEqual((await readdir(folder)).toSorted(), ['pepper-2.key', 'pepper.key'])
    assert.equal((await stat(join(folder, 'pepper-2.key'))).mode & 0o777, 0o600)
    const again = openPasswordHasher(await openPeppers(folder))
    assert.deepEqual(again.pepperVersions(), [1, 2])
    for (const stored of [old, newer]) assert.equal(await again.verify('Velvet-otter-9', stored, 4), true)
    const mixed = { ...old, pepper_version: 2 }
    assert.equal(await again.verify('Velvet-otter-9', mixed, 4), false)
    await again.close()
  })

  test('policy 3.3-b: without its pepper a hash is matched by nothing, and takes no other time', async () => {
    const hasher = openPasswordHasher(await openPeppers(folder))
    const stored = await hasher.hash('Velvet-otter-9', 4)
    await unlink(join(folder, 'pepper-2.key'))
    const lost = openPasswordHasher(await openPeppers(folder))
    assert.deepEqual(lost.pepperVersions(), [1])
    assert.equal(await lost.verify('Velvet-otter-9', stored, 4), false)
    await hasher.close()
    await lost.close()
  })
})
