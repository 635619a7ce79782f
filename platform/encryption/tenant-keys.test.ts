import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fakeClock } from '../kernel/clock.ts'
import { policyWith } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { keyFile } from '../kernel/secret-file.ts'
import { PLATFORM, PROVIDER } from './key-parts.ts'
import { encryptionRig, type EncryptionRig } from './rig.fixture.ts'
import { localRoot } from './roots/index.ts'
import { openTenantKeys } from './tenant-keys.ts'

const place = { table: 'sample', column: 'text', row: '1' }
const refusal = (code: string) => (error: unknown) => error instanceof Problem && error.code === code

suite('keys of tenants', () => {
  let rig: EncryptionRig
  before(async () => {
    rig = await encryptionRig()
  })
  after(() => rig.close())

  test('policy 2.2-a: what one process seals another opens, and the words are not in the bytes', async () => {
    const tenant = randomUUID()
    const sealed = await rig.keys.sealText(tenant, place, 'a sample sentence')
    assert.ok(!sealed.includes('sample sentence'))
    assert.equal(await rig.process().openText(tenant, place, sealed), 'a sample sentence')
  })

  test('processes that make the first keys of a tenant at once end with the same ones', async () => {
    const tenant = randomUUID()
    const processes = Array.from({ length: 6 }, () => rig.process())
    const sealed = await Promise.all(processes.map((keys) => keys.sealText(tenant, place, 'x')))
    for (const one of sealed) assert.equal(await rig.keys.openText(tenant, place, one), 'x')
    const lookUps = await Promise.all(processes.map((keys) => keys.lookUp(tenant, 'p', 'v')))
    assert.equal(new Set(lookUps.flat().map((one) => one.toString('hex'))).size, 1)
    const created = await rig.keyring
      .selectFrom('key_access')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('action', '=', 'created')
      .where('failed_at', 'is', null)
      .execute()
    assert.equal(created.length, 1)
  })

  test('policy 2.2-a: a value opens in its place and for its tenant, and nowhere else', async () => {
    const [mine, other] = [randomUUID(), randomUUID()]
    const sealed = await rig.keys.sealText(mine, place, 'x')
    const wrong = refusal('encryption.unreadable')
    await assert.rejects(rig.keys.openText(other, place, sealed), wrong)
    for (const moved of [{ table: 'another' }, { column: 'another' }, { row: '2' }])
      await assert.rejects(rig.keys.openText(mine, { ...place, ...moved }, sealed), wrong)
    for (const at of [0, 3, 7, 12, 20, sealed.length - 1]) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      await assert.rejects(rig.keys.openText(mine, place, changed), wrong)
    }
    await assert.rejects(rig.keys.openText(mine, place, Buffer.alloc(0)), wrong)
    await assert.rejects(rig.keys.openText(mine, place, sealed.subarray(0, 40)), wrong)
  })

  test('look-up values agree within a tenant and purpose, and differ elsewhere', async () => {
    const [mine, other] = [randomUUID(), randomUUID()]
    const [a, b, c, d] = await Promise.all([
      rig.keys.lookUp(mine, 'p', 'v'),
      rig.process().lookUp(mine, 'p', 'v'),
      rig.keys.lookUp(mine, 'q', 'v'),
      rig.keys.lookUp(other, 'p', 'v'),
    ])
    assert.deepEqual(a, b)
    assert.notDeepEqual(a, c)
    assert.notDeepEqual(a, d)
  })

  test('a process that did not hear of a rotation opens what the newer key sealed', async () => {
    const tenant = randomUUID()
    const deaf = rig.process()
    const before = await deaf.sealText(tenant, place, 'before')
    assert.equal(await rig.keys.rotate(tenant), 2)
    const later = await rig.keys.sealText(tenant, place, 'later')
    assert.equal(await deaf.openText(tenant, place, later), 'later')
    assert.equal(await rig.keys.openText(tenant, place, before), 'before')
  })

  test('two rotations at once make versions, never one key under two numbers', async () => {
    const tenant = randomUUID()
    await rig.keys.sealText(tenant, place, 'x')
    await Promise.all([rig.keys.rotate(tenant), rig.process().rotate(tenant)])
    const { data, current } = await rig.process().release(tenant, PLATFORM)
    assert.equal(data.size, current)
  })

  test('destroyed keys open nothing in any process that heard of it, and are never made again', async () => {
    const tenant = randomUUID()
    const sealed = await rig.keys.sealText(tenant, place, 'x')
    const other = rig.process()
    await other.openText(tenant, place, sealed)
    await rig.keys.destroy(rig.db, tenant)
    const missing = refusal('encryption.key-missing')
    await assert.rejects(rig.keys.openText(tenant, place, sealed), missing)
    await assert.rejects(rig.keys.sealText(tenant, place, 'y'), missing)
    await assert.rejects(rig.keys.release(tenant, PLATFORM), missing)
    other.forget(tenant)
    await assert.rejects(other.openText(tenant, place, sealed), missing)
  })

  test('keys destroyed in a transaction that is rolled back still open', async () => {
    const tenant = randomUUID()
    const sealed = await rig.keys.sealText(tenant, place, 'x')
    await assert.rejects(
      rig.db.transaction().execute(async (tx) => {
        await rig.keys.destroy(tx, tenant)
        throw new Error('rolled back')
      }),
      /rolled back/,
    )
    assert.equal(await rig.keys.openText(tenant, place, sealed), 'x')
  })

  test('another root key opens nothing', async () => {
    const tenant = randomUUID()
    const sealed = await rig.keys.sealText(tenant, place, 'x')
    const folder = await mkdtemp(join(tmpdir(), 'surety-keys-'))
    const { rootKey } = await import('#envelope')
    const stranger = openTenantKeys({ ...rig, root: localRoot(rootKey(await keyFile(folder, 'root.key'))) })
    await assert.rejects(stranger.openText(tenant, place, sealed), refusal('encryption.unreadable'))
    await rm(folder, { recursive: true })
  })

  test('policy 2.2-a: nothing is sealed while the policy names an algorithm that is not offered', async () => {
    const { db, keyring, clock, root, record } = rig
    const policy = policyWith({ 'encryption.algorithm': 'AES-128-GCM' })
    const keys = openTenantKeys({ db, keyring, clock, root, governed: { policy, record } })
    await assert.rejects(keys.sealText(PROVIDER, place, 'x'), refusal('encryption.algorithm'))
  })

  test('policy 2.3-a.1: a key past its age seals nothing, still opens, and its successor seals again', async () => {
    const tenant = randomUUID()
    const sealed = await rig.keys.sealText(tenant, place, 'x')
    const { db, keyring, root, record, policy } = rig
    const clock = fakeClock(rig.clock.now())
    const later = openTenantKeys({ db, keyring, clock, root, governed: { policy, record } })
    clock.advanceSeconds(365 * 86_400)
    await later.sealText(tenant, place, 'at the limit')
    clock.advanceSeconds(1)
    await assert.rejects(later.sealText(tenant, place, 'y'), refusal('encryption.key-expired'))
    assert.equal(await later.openText(tenant, place, sealed), 'x')
    await later.rotate(tenant)
    assert.equal(await later.openText(tenant, place, await later.sealText(tenant, place, 'y')), 'y')
  })

  test('policy 2.3-b: making, opening, releasing, rotating and destroying each leave their event', async () => {
    const before = (await rig.events()).length
    const tenant = randomUUID()
    await rig.keys.release(tenant, PLATFORM)
    await rig.keys.release(tenant, PLATFORM)
    await rig.keys.rotate(tenant)
    await rig.keys.destroy(rig.db, tenant)
    assert.deepEqual((await rig.events()).slice(before), [
      'key.created',
      'key.opened',
      'key.released',
      'key.released',
      'key.rotated',
      'key.opened',
      'key.destroyed',
    ])
  })

  test('policy 2.3-b: keys are not handed out when the event cannot be written', async () => {
    const { db, keyring, clock, root, policy } = rig
    const record = () => Promise.reject(new Error('the audit log is away'))
    const keys = openTenantKeys({ db, keyring, clock, root, governed: { policy, record } })
    await assert.rejects(keys.release(randomUUID(), PLATFORM), /audit log is away/)
  })
})

suite('key files', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'surety-keys-'))
  })
  after(() => rm(folder, { recursive: true }))

  test('starters at once get one key, closed to other users, with nothing left beside it', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => keyFile(join(folder, 'a'), 'root.key')))
    assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 1)
    assert.deepEqual(await readdir(join(folder, 'a')), ['root.key'])
    assert.equal((await stat(join(folder, 'a'))).mode & 0o777, 0o700)
    assert.equal((await stat(join(folder, 'a/root.key'))).mode & 0o777, 0o600)
  })

  test('a key file of another length is refused and stays as it is', async () => {
    await writeFile(join(folder, 'short.key'), 'short')
    await assert.rejects(keyFile(folder, 'short.key'), /32 bytes/)
    assert.equal((await stat(join(folder, 'short.key'))).size, 5)
  })
})
