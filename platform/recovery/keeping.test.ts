import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { generateHybridIdentity, identityToRecipient } from 'age-encryption'
import { backupKeyClasses, type KeepingParts } from './keeping.ts'
import { repositoryRig, writeSampleBackup, type RepositoryRig } from './repository-rig.fixture.ts'
import { ageOpener, readRecoveryFolder } from './wraps/index.ts'

const USER = { actor: { kind: 'operator', id: 'test' }, request: null } as never

suite('classes of keys of backups', () => {
  let rig: RepositoryRig
  before(async () => {
    rig = await repositoryRig()
  })
  after(() => rig.close())
  const classes = () => {
    const house = async () => rig
    const parts = { ...rig, ...rig.keyFolders, backups: { house } } as unknown as KeepingParts
    const [backup, signing] = backupKeyClasses(parts)
    assert.ok(backup && signing)
    return { backup, signing }
  }
  const numbers = async () =>
    (await readRecoveryFolder(rig.keyFolders.recoveryFolder)).map(({ number }) => number)

  test('policy 2.3-a.1: `keys rotate backup` renews the wrap of every epoch and destroys the old recovery key', async () => {
    const name = await writeSampleBackup(rig.repository)
    const { backup } = classes()
    const [before] = await backup.inUse()
    rig.clock.advanceSeconds(60)
    assert.equal(await backup.rotate?.(USER), 1)
    assert.deepEqual(await numbers(), [2])
    const [after] = await backup.inUse()
    assert.ok(before && after && after.since > before.since)
    const opener = await rig.keys.opener()
    assert.ok(opener)
    for (const region of rig.repository.regions)
      assert.equal((await rig.reopen({ opener }).verifyBackup(name, { region })).opened, true)
  })

  test('policy 6.1-d: a rotation to a key that is kept elsewhere takes its public half and nothing else', async () => {
    const { backup } = classes()
    const identity = await generateHybridIdentity()
    const recipient = await identityToRecipient(identity)
    await assert.rejects(async () => backup.rotate?.(USER, identity), { code: 'request.invalid' })
    await assert.rejects(async () => backup.rotate?.(USER, 'age1pq1sample'), { code: 'request.invalid' })
    assert.equal(await backup.rotate?.(USER, recipient), 1)
    assert.equal(rig.keys.recipients().at(-1)?.recipient, recipient)
    // This machine cannot see whether the other one opens everything, so what it has stays.
    assert.deepEqual(await numbers(), [2])
    rig.clock.advanceSeconds(3600)
    const name = await writeSampleBackup(rig.repository, { log: 2 })
    const opener = await ageOpener([identity])
    const [region = ''] = rig.repository.regions
    assert.equal((await rig.reopen({ opener }).verifyBackup(name, { region })).opened, true)
  })

  test('policy 2.3-a.1: `keys rotate signing` signs with the next key, and what older ones signed stays trusted', async () => {
    const { signing } = classes()
    const before = rig.keys.signer().verifierKey.keyId
    assert.equal(await signing.rotate?.(USER), 1)
    assert.notEqual(rig.keys.signer().verifierKey.keyId, before)
    const { backups, refused } = await rig.repository.backups()
    assert.deepEqual([backups.length, refused], [2, []])
    assert.equal(rig.events.at(-1)?.details['key'], 'signing')
  })
})
