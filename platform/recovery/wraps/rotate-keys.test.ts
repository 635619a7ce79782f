import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { ObjectStore } from '#backup'
import { noteSigner } from '#ledger'
import { DAY } from '../../kernel/clock.ts'
import {
  repositoryRig,
  writeSampleBackup,
  writeSampleFiles,
  type RepositoryRig,
} from '../repository-rig.fixture.ts'
import {
  openBackupKeys,
  readRecoveryFolder,
  readVerifiers,
  retireIdentities,
  rotateDueBackupKeys,
  rotateRecoveryKey,
  rotateSigningKey,
  withSuccessors,
} from './index.ts'
import { numberedFiles } from './key-folder.ts'
import { successionNote } from './verifier-chain.ts'

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

  test('a recovery folder that was elsewhere during rotations trusts each next signing key by the one before it, and no forged one', async () => {
    const { keysFolder, recoveryFolder } = rig.keyFolders
    const { stores } = rig
    const { system } = rig.repository
    const carried = (await readVerifiers(recoveryFolder)).slice(0, 1)
    await rotateSigningKey(parts(), BY)
    await rotateSigningKey(parts(), BY)
    const all = await readVerifiers(keysFolder)
    const ids = async (trusted = carried, over: readonly ObjectStore[] = stores): Promise<string[]> =>
      (await withSuccessors(trusted, { stores: over, system })).map(({ keyId }) => keyId)
    assert.deepEqual(
      await ids(),
      all.map(({ keyId }) => keyId),
    )
    assert.deepEqual((await readdir(keysFolder)).filter((name) => name.startsWith('backup-signer')).length, 1)
    // The running process goes on with the newest, and a process that began before takes it up before it signs.
    assert.equal(rig.keys.signer().verifierKey.keyId, all.at(-1)?.keyId)
    // Somebody who may write to a store, with a key of his own and everything that is public.
    const stranger = noteSigner('surety-backups', generateKeyPairSync('ed25519').privateKey)
    const forged = [
      successionNote(stranger, {
        system,
        number: 9,
        next: stranger.verifierKey,
        endedAt: rig.clock.now(),
      }),
      (await numberedFiles(keysFolder, 'backup-succession'))[0]?.text.replace('\n2\n', '\n9\n') ?? '',
      'no note',
      '',
    ]
    for (const text of forged) {
      const over = stores.map((store) => forging(store, `${system}/verifiers/0009.note`, text))
      assert.deepEqual(await ids(carried, over), await ids())
    }
    // A note that is missing in every region ends the chain there.
    const without = stores.map((store) => forging(store, `${system}/verifiers/0002.note`, 'changed'))
    assert.deepEqual(await ids(carried, without), [carried[0]?.keyId])
    assert.deepEqual(await ids([stranger.verifierKey]), [stranger.verifierKey.keyId])
    // A region that was away gets what it lacks.
    for (const store of stores) await store.remove(`${system}/verifiers/0003.note`)
    await rotateDueBackupKeys(parts(), BY)
    assert.deepEqual(
      await ids(),
      all.map(({ keyId }) => keyId),
    )
  })
})

suite('a key that signed backups, stolen after another followed it', () => {
  let rig: RepositoryRig
  before(async () => {
    rig = await repositoryRig()
  })
  after(() => rig.close())

  test('policy 6.1-d: nothing that names a moment after its end is believed, here or elsewhere, and what it signed before is', async () => {
    const { system } = rig.repository
    const old = rig.keys.signer()
    const name = await writeSampleBackup(rig.repository)
    const carried = await readVerifiers(rig.keyFolders.recoveryFolder)
    await rotateSigningKey({ ...rig, recoveryFolder: rig.keyFolders.recoveryFolder }, BY)
    rig.clock.advanceSeconds(DAY + 1)
    const thief = rig.reopen({ signer: old, newestSigner: async () => old })
    const forged = await writeSampleBackup(thief, { log: 2 })
    const files = await writeSampleFiles(thief, ['forged'])
    const verifiers = await withSuccessors(carried, { stores: rig.stores, system })
    for (const reading of [rig.reopen(), rig.reopen({ verifiers })]) {
      const found = await reading.backups()
      assert.deepEqual(
        found.backups.map(({ manifest }) => manifest.name),
        [name],
      )
      const refused = { code: 'unsigned', path: `${system}/backups/${forged}/manifest.note` }
      assert.deepEqual(
        found.refused.map(({ code, path }) => ({ code, path })),
        [refused, refused],
      )
      await assert.rejects(reading.manifest(forged), refused)
      await assert.rejects(reading.readFileset(files), { code: 'unsigned' })
    }
    // Without what names the end it would have been believed.
    assert.equal((await rig.reopen({ verifiers: carried }).manifest(forged)).name, forged)
  })

  test('policy 6.1-d: a process that began before signs with the key of now', async () => {
    const began = await openBackupKeys(rig.keyFolders)
    await rotateSigningKey({ ...rig, recoveryFolder: rig.keyFolders.recoveryFolder }, BY)
    rig.clock.advanceSeconds(2 * DAY)
    const writing = rig.reopen({
      signer: began.signer(),
      newestSigner: () => began.newestSigner(),
    })
    const name = await writeSampleBackup(writing, { log: 3 })
    assert.equal((await rig.repository.manifest(name)).name, name)
  })

  test('a rotation that was cut off after its note is finished with the same key and the same end', async () => {
    const { keysFolder } = rig.keyFolders
    const number = rig.keys.verifiers().length
    const file = (kind: string, of: number, ending: string): string =>
      join(keysFolder, `${kind}-000${of}.${ending}`)
    const before = await readFile(file('backup-signer', number, 'pem'))
    await rig.keys.nextSigner(rig.repository.system)
    const [made, notes] = [
      rig.keys.signer().verifierKey.keyId,
      await numberedFiles(keysFolder, 'backup-succession'),
    ]
    await writeFile(file('backup-signer', number, 'pem'), before)
    await rm(file('backup-verifier', number + 1, 'txt'))
    rig.clock.advanceSeconds(DAY)
    await rig.keys.nextSigner(rig.repository.system)
    assert.equal(rig.keys.signer().verifierKey.keyId, made)
    assert.deepEqual(await numberedFiles(keysFolder, 'backup-succession'), notes)
  })
})

/** A store in which somebody put other bytes at a path. */
function forging(store: ObjectStore, at: string, text: string): ObjectStore {
  return {
    region: store.region,
    lock: store.lock,
    put: (path, bytes, options) => store.put(path, bytes, options),
    get: async (path) => (path === at ? Buffer.from(text) : store.get(path)),
    head: (path) => store.head(path),
    list: async function* (prefix) {
      for await (const one of store.list(prefix)) if (one.path !== at) yield one
      if (at.startsWith(prefix))
        yield { path: at, bytes: text.length, storedAt: new Date(0), retainUntil: null }
    },
    remove: (path) => store.remove(path),
  }
}
