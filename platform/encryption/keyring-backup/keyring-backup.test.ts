import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { Decrypter, Encrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption'
import fc from 'fast-check'
import { testDatabase, type TestDatabase } from '#database'
import { RepositoryError, type ObjectStore, type SecretWrapper } from '#backup'
import { DAY } from '../../kernel/clock.ts'
import { enforceDestructions } from '../destruction.ts'
import { openKeyring, type Keyring } from '../keyring/database.ts'
import { encryptionRig, type EncryptionRig } from '../rig.fixture.ts'
import { openTenantKeys } from '../tenant-keys.ts'
import { readCopy } from './format.ts'
import {
  backUpKeyring,
  COPY_SECONDS_MAX,
  keyringBackupJobs,
  reachableCopies,
  restoreKeyring,
  rootEscrow,
  storedCopies,
  type KeyringBackupParts,
} from './index.ts'

const place = { table: 'sample', column: 'text', row: '1' }

/** A region in memory that can be away. */
interface Region extends ObjectStore {
  readonly objects: Map<string, Buffer>
  away: boolean
}

function regionOf(name: string): Region {
  const objects = new Map<string, Buffer>()
  const region: Region = {
    region: name,
    lock: 'promised',
    objects,
    away: false,
    put: async (path, bytes) => {
      if (region.away) throw new RepositoryError('unreachable', path)
      objects.set(path, Buffer.from(bytes))
    },
    get: async (path) => {
      const bytes = objects.get(path)
      if (bytes === undefined) throw new RepositoryError('missing', path)
      return bytes
    },
    head: async () => null,
    list: async function* (prefix) {
      if (region.away) throw new RepositoryError('unreachable', prefix)
      for (const [path, bytes] of objects)
        if (path.startsWith(prefix)) yield { path, bytes: bytes.length, retainUntil: null } as never
    },
    remove: async (path) => {
      if (region.away) throw new RepositoryError('unreachable', path)
      objects.delete(path)
    },
  }
  return region
}

suite('copies of the keyring', () => {
  let rig: EncryptionRig
  let identity: string
  let wrapper: SecretWrapper
  let elsewhere: TestDatabase
  let there: Keyring
  before(async () => {
    rig = await encryptionRig()
    identity = await generateHybridIdentity()
    const recipient = await identityToRecipient(identity)
    const encrypter = new Encrypter()
    encrypter.addRecipient(recipient)
    wrapper = { recipients: [recipient], wrap: (bytes) => encrypter.encrypt(bytes) }
    elsewhere = await testDatabase()
    there = openKeyring(elsewhere.url, () => {})
  })
  after(async () => {
    await there.destroy()
    await elsewhere.drop()
    await rig.close()
  })

  const fresh = (): KeyringBackupParts & { readonly regions: readonly Region[] } => {
    const regions = [regionOf('a'), regionOf('b')]
    return { keyring: rig.keyring, clock: rig.clock, wrapper, system: '7', stores: () => regions, regions }
  }
  const opened = async (sealed: Uint8Array): Promise<string> => {
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    return decrypter.decrypt(sealed, 'text')
  }
  const holdsLiveKeyOf = async (sealed: Uint8Array, tenant: string): Promise<boolean> =>
    readCopy(await opened(sealed)).rows.some(
      (one) => 'wrapped' in one && one.tenant === tenant && one.wrapped.length > 0,
    )

  test('a destroyed tenant’s key is in a copy the day before, and in none of any region after seven days', async () => {
    const parts = fresh()
    const [job] = keyringBackupJobs({ ...parts, open: () => Promise.resolve(parts) })
    const tenant = randomUUID()
    await rig.keys.sealText(tenant, place, 'x')
    const copiesWithKey = async (): Promise<number> => {
      const all = parts.regions.flatMap(({ objects }) => [...objects.values()])
      return (await Promise.all(all.map((one) => holdsLiveKeyOf(one, tenant)))).filter(Boolean).length
    }
    await job?.run({})
    assert.equal(await copiesWithKey(), 2)
    rig.clock.advanceSeconds(60)
    await rig.keys.destroy(rig.db, tenant)
    await job?.run({})
    assert.equal(parts.regions[0]?.objects.size, 2, 'a destruction is followed by a copy at once')
    for (let day = 1; day <= 7; day += 1) {
      rig.clock.advanceSeconds(DAY)
      await job?.run({})
      for (const { at } of await storedCopies(parts))
        assert.ok(rig.clock.now().getTime() - at.getTime() <= COPY_SECONDS_MAX * 1000)
    }
    assert.equal(await copiesWithKey(), 0)
  })

  test('a copy brings the keyring back elsewhere, and what was destroyed since is destroyed again', async () => {
    const parts = fresh()
    const [tenant, gone] = [randomUUID(), randomUUID()]
    const sealed = await rig.keys.sealText(tenant, place, 'kept')
    const person = await rig.keys.forPerson(tenant, 'one').sealText(place, 'hers')
    const lost = await rig.keys.sealText(gone, place, 'lost')
    const { path } = await backUpKeyring(parts)
    await rig.keys.destroy(rig.db, gone)
    const stored = await parts.regions[1]?.get(path)
    assert.ok(stored)
    assert.equal(stored.subarray(0, 21).toString(), 'age-encryption.org/v1')
    assert.ok(!stored.includes(tenant))
    await restoreKeyring(there, await opened(stored))
    const keys = openTenantKeys({ ...rig, keyring: there })
    assert.equal(await keys.openText(tenant, place, sealed), 'kept')
    assert.equal(await keys.forPerson(tenant, 'one').openText(place, person), 'hers')
    assert.ok((await enforceDestructions({ ...rig, keyring: there })) > 0)
    keys.forget()
    await assert.rejects(keys.openText(gone, place, lost), { code: 'encryption.key-missing' })
    await assert.rejects(restoreKeyring(there, await opened(stored)), { code: 'recovery.not-empty' })
  })

  test('one region that is away does not stop a copy, two do', async () => {
    const parts = fresh()
    const [a, b] = parts.regions
    assert.ok(a && b)
    a.away = true
    assert.equal((await backUpKeyring(parts)).region, 'b')
    b.away = true
    await assert.rejects(backUpKeyring(parts), { code: 'recovery.unwritable' })
  })

  test('policy 6.2-b: a new key is in a copy within half an hour, also while a region is away from the start', async () => {
    const parts = fresh()
    const [a, b] = parts.regions
    assert.ok(a && b)
    await backUpKeyring(parts)
    a.away = true
    rig.clock.advanceSeconds(5 * 60)
    const tenant = randomUUID()
    await rig.keys.sealText(tenant, place, 'x')
    const [job] = keyringBackupJobs({ ...parts, open: () => Promise.resolve(parts) })
    rig.clock.advanceSeconds(25 * 60)
    // The region that is away is told of, after the other one has its copy.
    await assert.rejects(async () => job?.run({}))
    assert.equal((await reachableCopies(parts)).length, 2)
    const copies = await Promise.all([...b.objects.values()].map((one) => holdsLiveKeyOf(one, tenant)))
    assert.deepEqual(copies, [false, true])
    b.away = true
    await assert.rejects(reachableCopies(parts), { code: 'unreachable' })
  })

  test('a copy that a region could not give up is removed as soon as it answers again, within seven days', async () => {
    const parts = fresh()
    const [a] = parts.regions
    assert.ok(a)
    const [job] = keyringBackupJobs({ ...parts, open: () => Promise.resolve(parts) })
    await job?.run({})
    const [first] = a.objects.keys()
    assert.ok(first)
    rig.clock.advanceSeconds(6 * DAY)
    a.away = true
    await assert.rejects(async () => job?.run({}))
    a.away = false
    rig.clock.advanceSeconds(60)
    await job?.run({})
    assert.ok(!a.objects.has(first))
  })

  test('an older copy under a newer name brings no destroyed key back', async () => {
    const parts = fresh()
    const { path } = await backUpKeyring(parts)
    const text = await opened(await (parts.regions[0] as Region).get(path))
    rig.clock.advanceSeconds(60)
    await assert.rejects(restoreKeyring(there, text, rig.clock.now()), { code: 'recovery.unreadable' })
  })

  test('whatever is no copy is refused whole, and no line of it is repeated', async () => {
    const parts = fresh()
    const text = await opened(await (parts.regions[0] as Region).get((await backUpKeyring(parts)).path))
    assert.ok(readCopy(text).rows.length > 3)
    const refused = (error: unknown): boolean =>
      error instanceof Error &&
      'code' in error &&
      error.code === 'recovery.unreadable' &&
      !error.message.includes('wrapped')
    for (const bad of [
      '',
      'x',
      text.slice(0, -1),
      text.slice(1),
      `${text}{}\n`,
      text.replace('tenant_key', 'pg_authid'),
    ])
      assert.throws(() => readCopy(bad), refused)
    fc.assert(
      fc.property(fc.nat(text.length - 2), (at) => {
        assert.throws(() => readCopy(text.slice(0, at)), refused)
      }),
      { numRuns: 50 },
    )
  })
})

suite('escrow of the local root key', () => {
  test('stock tools bring the key files back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'surety-escrow-'))
    const identity = await generateHybridIdentity()
    const encrypter = new Encrypter()
    const recipient = await identityToRecipient(identity)
    encrypter.addRecipient(recipient)
    const wrapper = { recipients: [recipient], wrap: (bytes: Uint8Array) => encrypter.encrypt(bytes) }
    const clock = { now: () => new Date('2026-01-30T12:00:00Z') }
    await assert.rejects(rootEscrow(folder, wrapper, clock), { code: 'encryption.key-missing' })
    await writeFile(join(folder, 'root.key'), Buffer.alloc(32, 1))
    await writeFile(join(folder, 'root-2.key'), Buffer.alloc(700, 2))
    await writeFile(join(folder, 'pepper.key'), Buffer.alloc(32, 3))
    const { sealed, files } = await rootEscrow(folder, wrapper, clock)
    assert.deepEqual(files, ['root-2.key', 'root.key'])
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    await writeFile(join(folder, 'escrow.tar'), await decrypter.decrypt(sealed))
    await rm(join(folder, 'root.key'))
    await rm(join(folder, 'root-2.key'))
    execFileSync('tar', ['-xf', 'escrow.tar'], { cwd: folder })
    assert.deepEqual(await readFile(join(folder, 'root.key')), Buffer.alloc(32, 1))
    assert.deepEqual(await readFile(join(folder, 'root-2.key')), Buffer.alloc(700, 2))
    await rm(folder, { recursive: true })
  })
})
