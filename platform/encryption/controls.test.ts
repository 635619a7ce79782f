import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { secondsAfter } from '../kernel/clock.ts'
import { policyWith } from '../kernel/parameter.ts'
import { encryptionControls } from './controls.ts'
import { encryptionJobs } from './jobs.ts'
import { keyAccessLogged } from './key-access-control.ts'
import { clustersOf, keysApart } from './key-place-control.ts'
import { PLATFORM, PROVIDER } from './key-parts.ts'
import { useEvent } from './key-use.ts'
import type { EncryptionSystem } from './observed-system.ts'
import { encryptionRig, type EncryptionRig } from './rig.fixture.ts'
import { keysRotated } from './rotation-control.ts'
import { encryptionRoutes } from './routes.ts'
import { sealedAtRest } from './sealed-control.ts'
import { unlistedColumns } from './sealed-scan.ts'

const DAY = 86_400
const place = { table: 'sample', column: 'text', row: '1' }

suite('controls of chapter 2', () => {
  let rig: EncryptionRig
  let system: EncryptionSystem
  before(async () => {
    rig = await encryptionRig()
    system = await rig.system()
    await rig.keys.sealText(PROVIDER, place, 'x')
  })
  after(() => rig.close())

  for (const control of encryptionControls) {
    test(`policy ${control.clauses.join(', ')}: ${control.id} passes here and finds every break`, async () => {
      const seen = await control.check(system)
      assert.equal(seen.result, 'pass', seen.saw)
      const broken = await control.knownBad(system)
      assert.equal(broken.result, 'fail', broken.saw)
      const again = await control.check(system)
      assert.equal(again.result, 'pass', `the known-bad run left something behind: ${again.saw}`)
    })
  }

  test('policy 2.2-a: every column of bytes is in one of the two lists', async () => {
    assert.deepEqual(await unlistedColumns(rig.db), [])
  })

  test('policy 2.2-a: a value stored in the clear is found', async () => {
    const id = randomUUID()
    const event = {
      id,
      at: rig.clock.now(),
      type: 'key.probed',
      kind: 'system',
      actor_kind: 'system',
      actor_id: 'test',
      outcome: 'success',
    }
    const sealed = Buffer.from('plain words that are long enough to be taken for an envelope by their length')
    await rig.db
      .insertInto('audit_event')
      .values({ ...event, sealed })
      .execute()
    const seen = await sealedAtRest.check(system)
    assert.match(seen.saw, /1 values of surety\.audit_event\.sealed are not sealed/)
    await rig.db.deleteFrom('audit_event').where('id', '=', id).execute()
  })

  test('policy 2.3-a.1: the daily job replaces keys at nine tenths of the limit, and only those', async () => {
    const [job] = encryptionJobs(rig)
    assert.ok(job)
    await rig.keys.sealText(PROVIDER, place, 'x')
    const version = async (): Promise<number> => (await rig.keys.release(PROVIDER, PLATFORM)).current
    const first = await version()
    await job.run({})
    rig.keys.forget()
    assert.equal(await version(), first)
    rig.clock.advanceSeconds(330 * DAY)
    await job.run({})
    rig.keys.forget()
    assert.equal(await version(), first + 1)
    assert.ok((await rig.events()).includes('key.rotated'))
    const root = await keysRotated.check(system)
    assert.equal(root.result, 'pass', root.saw)
    rig.clock.advanceSeconds(36 * DAY)
    assert.match((await keysRotated.check(system)).saw, /the root key is 366 days old/)
  })

  test('policy 2.3-a.1: a shorter limit is obeyed by the next run', async () => {
    const policy = policyWith({ 'keys.rotation': 30 * DAY })
    const [job] = encryptionJobs({ ...rig, policy })
    assert.ok(job)
    const before = (await rig.keys.release(PROVIDER, PLATFORM)).current
    await job.run({})
    rig.keys.forget()
    assert.equal((await rig.keys.release(PROVIDER, PLATFORM)).current, before + 1)
  })

  test('policy 2.3-a.2: a copy of the root key among the data is found, in every form', async () => {
    const key = await readFile(join(rig.keysFolder, 'root.key'))
    const [data = ''] = system.dataFolders
    for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const) {
      await mkdir(join(data, 'deep'), { recursive: true })
      await writeFile(join(data, 'deep', 'copy'), Buffer.from(`x${key.toString(form)}y`, 'latin1'))
      assert.match((await keysApart.check(system)).saw, /root\.key stands in a data file/, form)
    }
    await writeFile(join(data, 'deep', 'copy'), '')
  })

  test('policy 2.3-a.2: a keyring in the cluster of the data is found, as in this test’s own database', async () => {
    const clusters = () => clustersOf(rig)
    const seen = await keysApart.check({ ...system, clusters })
    assert.match(seen.saw, /the keyring is in the same cluster as the data/)
  })

  test('policy 2.3-a.2: a wrapped key among the data and an old copy of the keyring are found', async () => {
    const [data = ''] = system.dataFolders
    const { wrapped } = await rig.keyring
      .selectFrom('data_key')
      .select('wrapped')
      .where('destroyed_at', 'is', null)
      .executeTakeFirstOrThrow()
    await writeFile(join(data, 'row'), wrapped.toString('hex'))
    assert.match((await keysApart.check(system)).saw, /wrapped key \d+ stands in a data file/)
    await writeFile(join(data, 'row'), '')
    const at = secondsAfter(rig.clock.now(), -8 * DAY)
    const copy = { region: 'sample', path: '7/keyring/sample.age', at }
    const seen = await keysApart.check({ ...system, keyringCopies: () => Promise.resolve([copy]) })
    assert.match(seen.saw, /sample\.age in sample is older than 7 days/)
  })

  test('policy 2.3-a.2: a key that lies across two pieces of a large file is found', async () => {
    const key = await readFile(join(rig.keysFolder, 'root.key'))
    const [data = ''] = system.dataFolders
    const file = Buffer.alloc(2 ** 20 + 100)
    key.copy(file, 2 ** 20 - 16)
    await writeFile(join(data, 'large'), file)
    assert.equal((await keysApart.check(system)).result, 'fail')
    await writeFile(join(data, 'large'), '')
  })

  test('policy 2.3-b: an answer to anybody, an open key file and an event without a use are found', async () => {
    assert.match((await keyAccessLogged.check(await rig.system(200))).saw, /answered 200, not 401/)
    await chmod(join(rig.keysFolder, 'root.key'), 0o644)
    assert.match((await keyAccessLogged.check(system)).saw, /root\.key is open/)
    await chmod(join(rig.keysFolder, 'root.key'), 0o600)
    await rig.record(rig.db, useEvent(randomUUID(), { action: 'released', tenant: PROVIDER }))
    assert.match((await keyAccessLogged.check(system)).saw, /that the keyring does not know/)
    // Past the window that is compared.
    rig.clock.set(secondsAfter(rig.clock.now(), 40 * DAY))
  })
})

suite('the key route', () => {
  let rig: EncryptionRig
  before(async () => {
    rig = await encryptionRig()
  })
  after(() => rig.close())

  const request = (tenant: string) => ({
    requestId: 'r-1',
    params: { tenant },
    query: {},
    body: {},
    raw: new Request('http://surety/'),
    caller: {
      kind: 'service',
      id: 'upstream',
      level: 'full',
      sessionId: null,
      workspaceId: null,
      workspaceRole: null,
      staffRole: null,
      factors: [],
      provedAt: null,
      onBehalfOf: null,
      permissions: new Set<never>(),
      ip: '',
      userAgent: '',
    } as const,
  })

  test('policy 2.3-b: an active workspace gets its keys and leaves an event, any other is refused', async () => {
    const active = randomUUID()
    const [route] = encryptionRoutes({
      ...rig,
      backupSeconds: () => 0,
      tenantIsActive: async (id) => id === active,
    })
    const given = (await route.handle(request(active))) as {
      current: number
      data: object
      indexes: { key: string }[]
    }
    assert.equal(given.current, 1)
    assert.deepEqual(Object.keys(given.data), ['1'])
    for (const text of [...Object.values(given.data), ...given.indexes.map(({ key }) => key)])
      assert.equal(Buffer.from(String(text), 'base64').length, 32)
    assert.equal((await rig.events()).filter((type) => type === 'key.released').length, 1)
    await assert.rejects(route.handle(request(randomUUID())), { code: 'resource.unknown' })
    assert.equal(route.surface, 'service')
    assert.ok(!route.input.params.safeParse({ tenant: PROVIDER }).success)
  })
})
