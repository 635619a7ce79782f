import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { DAY } from '../kernel/clock.ts'
import { keyRoutes } from './key-routes.ts'
import { PROVIDER } from './key-parts.ts'
import { encryptionRig, told, type EncryptionRig } from './rig.fixture.ts'

suite('keys as staff see them', () => {
  let rig: EncryptionRig
  before(async () => {
    rig = await encryptionRig()
  })
  after(() => rig.close())

  const routes = () =>
    keyRoutes({
      ...rig,
      wrapper: () => Promise.resolve({ recipients: ['one', 'two'], wrap: (bytes) => Promise.resolve(bytes) }),
      copies: () => Promise.resolve([{ region: 'a', path: 'a.age', at: rig.clock.now() }]),
    })
  const request = (query: object): never => ({ query, params: {}, body: {} }) as never

  test('policy 2.3-b: every use of keys is listed, the newest first, with who made it', async () => {
    const place = { table: 'outbox', column: 'message', row: 'sample' }
    await rig.keys.sealText(PROVIDER, place, 'words')
    const [, uses] = routes()
    assert.equal(uses.permission, 'recovery.read')
    const created = await told(uses.handle(request({ action: 'created' })))
    assert.deepEqual(
      created.uses.map((one) => [one.action, one.keysOf, one.used, one.failed, one.by?.kind]),
      [['created', PROVIDER, true, false, 'system']],
    )
    rig.clock.advanceSeconds(60)
    await rig.process().sealText(PROVIDER, place, 'words')
    const all = await told(uses.handle(request({})))
    assert.deepEqual([all.uses[0]?.action, all.next], ['opened', null])
    const older = await told(uses.handle(request({ before: all.uses[0]?.id })))
    assert.ok(older.uses.every(({ id }) => id < (all.uses[0]?.id ?? '')))
  })

  test('policy 2.3-a.2: copies of the keyring are listed with how long one is kept at most', async () => {
    const [, , copies] = routes()
    const found = await told(copies.handle(request({})))
    assert.deepEqual(found, {
      keptSecondsMax: 7 * DAY,
      recipients: 2,
      escrowedAt: null,
      copies: [{ region: 'a', at: rig.clock.now().toISOString() }],
    })
  })
})
