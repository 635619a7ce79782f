import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, beforeEach, suite, test } from 'node:test'
import { generateKeyPair } from 'jose'
import { openText, sealText } from '#envelope'
import { openSurety, SuretyError, type ServiceEvent, type Surety } from './index.ts'
import { startPlatformTwin, TWIN_ISSUER, type PlatformTwin } from './testing/platform-twin.ts'

const TENANT = '01890000-0000-7000-8000-000000000001'
const PLACE = { tenant: TENANT, table: 'message', column: 'body', row: 'row-1' }

suite('the client of a protected service', () => {
  let twin: PlatformTwin
  let surety: Surety
  let now: Date

  const later = (seconds: number): void => {
    now = new Date(now.getTime() + seconds * 1000)
  }
  const token = (more: { claims?: object } & Parameters<PlatformTwin['sign']>[1] = {}): Promise<string> =>
    twin.sign({ ws: TENANT, permissions: ['conversation.read'], ...more.claims }, { now, ...more })
  const refusedWith = (code: string) => (error: unknown) =>
    error instanceof SuretyError && error.code === code
  const count = (path: string): number => twin.calls.filter((call) => call.path === path).length

  before(async () => {
    twin = await startPlatformTwin()
    twin.tenants = [{ id: TENANT, sample: true, state: 'active' }]
  })
  after(async () => {
    surety.close()
    await twin.stop()
  })
  beforeEach(async () => {
    surety?.close()
    now = new Date('2026-01-30T12:00:00Z')
    twin.calls.length = 0
    twin.fault = () => null
    await twin.publish('one')
    surety = openSurety({
      socketPath: twin.socketPath,
      token: 'service-token',
      issuer: TWIN_ISSUER,
      now: () => now,
      retryMs: 1,
    })
  })

  test('an identity of the gateway is read and its keys are fetched once', async () => {
    const first = await surety.verifyIdentity(await token())
    await surety.verifyIdentity(await token())
    assert.equal(first.id, 'account-1')
    assert.equal(first.workspace, TENANT)
    assert.ok(first.permissions.has('conversation.read'))
    assert.equal(count('/v1/jwks'), 1)
    assert.equal(twin.calls[0]?.token, 'Bearer service-token')
  })

  test('an identity that is missing, expired, foreign, unsigned or misshapen is refused', async () => {
    const stranger = (await generateKeyPair('EdDSA')).privateKey
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await token()).split('.')[1]}.`
    await assert.rejects(surety.verifyIdentity(undefined), refusedWith('identity-missing'))
    await assert.rejects(
      surety.verifyIdentity(await token({ key: stranger })),
      refusedWith('identity-invalid'),
    )
    await assert.rejects(
      surety.verifyIdentity(await token({ issuer: 'https://other' })),
      refusedWith('identity-invalid'),
    )
    await assert.rejects(
      surety.verifyIdentity(await token({ audience: 'elsewhere' })),
      refusedWith('identity-invalid'),
    )
    await assert.rejects(
      surety.verifyIdentity(await token({ claims: { permissions: 'all' } })),
      refusedWith('identity-invalid'),
    )
    await assert.rejects(surety.verifyIdentity(none), refusedWith('identity-invalid'))
    await assert.rejects(surety.verifyIdentity('not a token'), refusedWith('identity-invalid'))
    const old = await token()
    later(63)
    await assert.rejects(surety.verifyIdentity(old), refusedWith('identity-expired'))
  })

  test('a key that was changed is found without a restart, and strange key ids cannot flood the platform', async () => {
    await surety.verifyIdentity(await token())
    await twin.publish('two')
    await assert.rejects(surety.verifyIdentity(await token({ kid: 'two' })), refusedWith('identity-invalid'))
    assert.equal(count('/v1/jwks'), 1)
    later(6)
    assert.equal((await surety.verifyIdentity(await token({ kid: 'two' }))).id, 'account-1')
    for (let n = 0; n < 20; n++)
      await assert.rejects(
        surety.verifyIdentity(await token({ kid: `x${n}` })),
        refusedWith('identity-invalid'),
      )
    assert.equal(count('/v1/jwks'), 2)
  })

  test('known identity keys stay in use while the platform is away', async () => {
    await surety.verifyIdentity(await token())
    twin.fault = () => 'cut'
    later(3600)
    assert.equal((await surety.verifyIdentity(await token())).id, 'account-1')
  })

  test('policy 2.3-a.2: released keys seal and open, are held, and a rotation is seen after 15 minutes', async () => {
    const before = await surety.tenantKeys(TENANT)
    const sealed = sealText(before.keyring, PLACE, 'sample')
    await surety.tenantKeys(TENANT)
    assert.equal(count(`/v1/tenants/${TENANT}/keys`), 1)
    const keys = twin.keysOf(TENANT)
    keys.current = 2
    keys.data = { ...keys.data, 2: randomBytes(32).toString('base64') }
    later(901)
    const rotated = await surety.tenantKeys(TENANT)
    assert.equal(rotated.keyring.current.version, 2)
    assert.equal(openText(rotated.keyring, PLACE, sealed), 'sample')
  })

  test('held keys bridge an outage of one hour and end at once when they were destroyed', async () => {
    await surety.tenantKeys(TENANT)
    twin.fault = () => 'cut'
    later(3000)
    await surety.tenantKeys(TENANT)
    twin.fault = () => ({ status: 503, body: '{"code":"encryption.key-missing"}' })
    await assert.rejects(surety.tenantKeys(TENANT), refusedWith('refused'))
    twin.fault = () => 'cut'
    await assert.rejects(surety.tenantKeys(TENANT), refusedWith('unreachable'))
  })

  test('keys that are not keys are refused', async () => {
    const keys = twin.keysOf(TENANT)
    const good = keys.data
    for (const data of [{}, { 1: 'AAAA' }, { 0: good['1'] ?? '' }, { 7: good['1'] ?? '' }]) {
      keys.data = data
      await assert.rejects(
        surety.tenantKeys(TENANT),
        (error) => error instanceof SuretyError && ['malformed', 'keys-unusable'].includes(error.code),
      )
    }
    keys.data = good
  })

  test('events are declared and handed over; a repeated batch is written once', async () => {
    const event: ServiceEvent = {
      id: '01890000-0000-7000-8000-000000000009',
      at: now.toISOString(),
      type: 'message.received',
      kind: 'data',
      tenant: TENANT,
      actor: { kind: 'service', id: 'sample' },
      target: null,
      outcome: 'success',
      details: {},
      request: null,
    }
    await surety.declareEvents({ 'message.received': { kind: 'data', says: 'a message arrived' } })
    assert.deepEqual(Object.keys(twin.catalogue), ['message.received'])
    let failed = 0
    twin.fault = () => (failed++ === 0 ? 'cut' : null)
    assert.deepEqual([...(await surety.sendEvents([event]))], [event.id])
    await surety.sendEvents([event])
    assert.equal(twin.events.size, 1)
    await assert.rejects(surety.sendEvents(Array.from({ length: 201 }, () => event)), RangeError)
  })

  test('policy and tenants are read', async () => {
    assert.equal((await surety.policy()).values['session.idle']?.value, 1800)
    assert.deepEqual(await surety.tenants(), [{ id: TENANT, sample: true, state: 'active' }])
  })

  test('passing failures are tried again, refusals are not, and each has its code', async () => {
    let calls = 0
    twin.fault = () => (++calls < 3 ? { status: 503, body: '' } : null)
    await surety.policy()
    assert.equal(calls, 3)
    twin.fault = () => (calls++, { status: 403, body: '{"code":"access.denied"}' })
    calls = 0
    await assert.rejects(
      surety.policy(),
      (error) => error instanceof SuretyError && error.status === 403 && error.problem === 'access.denied',
    )
    assert.equal(calls, 1)
    twin.fault = () => 'hang'
    const impatient = openSurety({
      socketPath: twin.socketPath,
      token: 'service-token',
      issuer: TWIN_ISSUER,
      timeoutMs: 200,
      retryMs: 1,
    })
    await assert.rejects(impatient.policy(), refusedWith('timeout'))
    for (const body of ['{"version":"x"}', 'not json', '[]', '']) {
      twin.fault = () => ({ status: 200, body })
      await assert.rejects(surety.policy(), refusedWith('malformed'))
    }
    const nowhere = openSurety({
      socketPath: `${twin.socketPath}.none`,
      token: 't',
      issuer: TWIN_ISSUER,
      retryMs: 1,
    })
    await assert.rejects(nowhere.policy(), refusedWith('unreachable'))
  })

  test('no failure repeats the token', async () => {
    twin.fault = () => ({ status: 500, body: '{"code":"server.error"}' })
    const error = await surety.policy().catch((caught: unknown) => caught)
    assert.ok(error instanceof SuretyError)
    assert.ok(!JSON.stringify([error, error.stack, error.cause]).includes('service-token'))
  })
})
