import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { DAY } from '../../kernel/clock.ts'
import { repositoryRig, writeSampleBackup, type RepositoryRig } from '../repository-rig.fixture.ts'
import { readRecoveryFolder, retireIdentities, rotateDueBackupKeys, rotateRecoveryKey } from './index.ts'

const BY = { kind: 'operator', id: 'test' } as const

suite('keys of backups are followed by others', () => {
  let rig: RepositoryRig
  before(async () => {
    rig = await repositoryRig()
  })
  after(() => rig.close())
  const parts = () => ({ ...rig, recoveryFolder: rig.keyFolders.recoveryFolder })
  const reads = async (name: string): Promise<void> => {
    const opener = await rig.keys.opener()
    const reading = rig.reopen(opener === null ? {} : { opener })
    for (const region of reading.regions)
      assert.equal((await reading.verifyBackup(name, { region })).opened, true)
  }

  test('policy 2.3-a.1: after a rotation every epoch opens with the new key alone, no object changed, and the old key is destroyed', async () => {
    const name = await writeSampleBackup(rig.repository)
    const before = await rig.repository.objects('region-a')
    const done = await rotateRecoveryKey(parts(), BY)
    assert.deepEqual([done.number, done.retired], [2, [1]])
    assert.ok((done.rewrapped ?? 0) > 0)
    assert.deepEqual(
      (await readRecoveryFolder(rig.keyFolders.recoveryFolder)).map(({ number }) => number),
      [2],
    )
    const after = await rig.repository.objects('region-a')
    const old = new Map(after.map((head) => [head.path, head]))
    for (const head of before) assert.deepEqual(old.get(head.path), head)
    assert.ok(
      after
        .filter(({ path }) => !before.some((head) => head.path === path))
        .every(({ path }) => path.endsWith('.age')),
    )
    await reads(name)
    assert.deepEqual(
      rig.events.map(({ type }) => type),
      ['backup.key-rotated', 'backup.key-retired'],
    )
  })

  test('policy 2.3-a.1: the daily job rotates what nears the age that the policy allows, and nothing younger', async () => {
    assert.deepEqual(await rotateDueBackupKeys(parts(), BY), [])
    rig.clock.advanceSeconds(330 * DAY)
    assert.deepEqual(await rotateDueBackupKeys(parts(), BY), ['recovery', 'signing'])
    assert.deepEqual(await rotateDueBackupKeys(parts(), BY), [])
    const name = await writeSampleBackup(rig.repository, { log: 2 })
    await reads(name)
  })

  test('policy 2.3-a.1: while a region is away or the recovery folder elsewhere, the old key is not destroyed', async () => {
    const { recoveryFolder } = rig.keyFolders
    await rename(recoveryFolder, `${recoveryFolder}.away`)
    const theirs = (await readRecoveryFolder(`${recoveryFolder}.away`)).at(-1)
    const done = await rotateRecoveryKey(parts(), BY, theirs?.recipient)
    assert.deepEqual([done.rewrapped, done.retired], [null, []])
    await rename(`${recoveryFolder}.away`, recoveryFolder)
    const regionB = join(rig.folder, 'backups/region-b')
    await rename(regionB, `${regionB}.away`)
    assert.deepEqual((await rotateRecoveryKey(parts(), BY)).retired, [])
    assert.equal((await readRecoveryFolder(recoveryFolder)).length, 2)
    await rename(`${regionB}.away`, regionB)
    assert.deepEqual(await retireIdentities(parts(), BY), [])
    await rotateDueBackupKeys(parts(), BY)
    assert.equal((await readRecoveryFolder(recoveryFolder)).length, 1)
  })
})
