import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { generateHybridIdentity, identityToRecipient } from 'age-encryption'
import { encryptionRig, type EncryptionRig } from '../../encryption/rig.fixture.ts'
import { repositoryRig, writeSampleBackup, type RepositoryRig } from '../repository-rig.fixture.ts'
import { identitySeed, recipientKinds } from './age-header.ts'
import { ageWrapper, backupKeysApart } from './index.ts'

suite('the control of the keys of backups', () => {
  let rig: RepositoryRig
  let live: EncryptionRig
  before(async () => {
    ;[rig, live] = await Promise.all([repositoryRig(), encryptionRig()])
    await live.keys.lookUp('00000000-0000-0000-0000-000000000000', 'sample', 'sample')
  })
  after(() => Promise.all([rig.close(), live.close()]))
  const system = (repository = rig.repository) => ({
    ...rig.keyFolders,
    house: async () => ({ ...rig, repository }),
    keyring: live.keyring,
    root: live.root,
  })

  test('policy 2.2-b, 6.1-d: without any backup the check fails', async () => {
    assert.match((await backupKeysApart.check(system())).saw, /there is no backup/)
  })

  test('policy 2.2-b, 6.1-d: the control passes here and finds every break', async () => {
    await writeSampleBackup(rig.repository)
    const seen = await backupKeysApart.check(system())
    assert.equal(seen.result, 'pass', seen.saw)
    assert.match(seen.saw, /tried to open it and could not; the recovery key still lies on this machine/)
    const broken = await backupKeysApart.knownBad(system())
    assert.equal(broken.result, 'fail', broken.saw)
  })

  test('policy 6.1-d: a recovery folder that moved away is said, and changes nothing else', async () => {
    const { recoveryFolder } = rig.keyFolders
    await rename(recoveryFolder, `${recoveryFolder}.away`)
    assert.match((await backupKeysApart.check(system())).saw, /no recovery key is on this machine/)
    await rename(`${recoveryFolder}.away`, recoveryFolder)
  })

  test('policy 6.1-d: a program that can open what it wrote, and a private key in the key folder, are found', async () => {
    const opener = await rig.keys.opener()
    assert.ok(opener !== null)
    assert.match((await backupKeysApart.check(system(rig.reopen({ opener })))).saw, /can open/)
    const { keysFolder, recoveryFolder } = rig.keyFolders
    const stray = join(keysFolder, 'notes.txt')
    await copyFile(join(recoveryFolder, 'recovery-identity-0001.txt'), stray)
    assert.match((await backupKeysApart.check(system())).saw, /notes.txt in the key folder opens backups/)
    await rm(stray)
  })

  test('policy 6.1-d: a wrap that somebody put in the place of ours is found', async () => {
    const [head] = (await rig.repository.objects('region-a')).filter(({ path }) => path.endsWith('0001.age'))
    const next = (head?.path ?? '').replace('0001.age', '0009.age')
    const theirs = await identityToRecipient(await generateHybridIdentity())
    const both = await ageWrapper([...rig.keys.wrapper.recipients, theirs])
    await rig.stores[0].put(next, await both.wrap(randomBytes(32)), { retainUntil: null })
    assert.match((await backupKeysApart.check(system())).saw, /0009.age in region-a is wrapped to mlkem/)
    await rig.stores[0].remove(next)
    await rig.stores[0].put(next, Buffer.from('no age file'), { retainUntil: null })
    assert.match((await backupKeysApart.check(system())).saw, /is wrapped to nobody/)
    await rig.stores[0].remove(next)
  })

  test('what the header of an age file says is read, and anything else is not', () => {
    assert.equal(recipientKinds(Buffer.alloc(0)), undefined)
    assert.equal(recipientKinds(Buffer.from('age-encryption.org/v2\n-> X25519 a\n--- x')), undefined)
    assert.deepEqual(
      recipientKinds(Buffer.from('age-encryption.org/v1\n-> X25519 a\nbody\n-> scrypt b\nbody\n--- mac')),
      ['X25519', 'scrypt'],
    )
  })

  test('the seed of an identity has 32 bytes, another for each', async () => {
    const seeds = await Promise.all([1, 2, 3].map(async () => identitySeed(await generateHybridIdentity())))
    assert.deepEqual(new Set(seeds.map(({ length }) => length)), new Set([32]))
    assert.equal(new Set(seeds.map((seed) => seed.toString('hex'))).size, 3)
  })
})
