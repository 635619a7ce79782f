import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose'
import { openText, sealText } from '#envelope'
import { openSurety, SuretyError, type ServiceEvent, type Surety } from './index.ts'

/** The service socket as the contract describes it: a protocol twin with switches for what may go wrong. */
interface Twin {
  readonly server: Server
  readonly calls: { method: string; path: string; token: string; body: unknown }[]
  readonly events: Map<string, ServiceEvent>
  readonly catalogue: Record<string, unknown>
  jwks: object[]
  keyVersion: number
  data: Record<string, string>
  index: string
  fault: ((path: string) => { status: number; body: string } | 'hang' | 'cut' | null) | null
}

const ISSUER = 'https://localhost:8443'
const TENANT = '01890000-0000-7000-8000-000000000001'
const PLACE = { tenant: TENANT, table: 'message', column: 'body', row: 'row-1' }

function answerOf(
  twin: Twin,
  method: string,
  path: string,
  body: unknown,
): { status: number; body: unknown } {
  if (method === 'GET' && path === '/v1/jwks') return { status: 200, body: { keys: twin.jwks } }
  if (method === 'GET' && path === '/v1/policy')
    return {
      status: 200,
      body: { version: 3, values: { 'session.idle': { value: 1800, text: '30 minutes', unit: 'seconds' } } },
    }
  if (method === 'GET' && path === '/v1/tenants')
    return { status: 200, body: { tenants: [{ id: TENANT, sample: true, state: 'active' }] } }
  if (method === 'POST' && path === '/v1/events/catalogue') {
    Object.assign(twin.catalogue, (body as { events: object }).events)
    return { status: 200, body: {} }
  }
  if (method === 'POST' && path === '/v1/events') {
    const { events } = body as { events: ServiceEvent[] }
    for (const event of events) twin.events.set(event.id, event)
    return { status: 200, body: { accepted: events.map((event) => event.id) } }
  }
  if (method === 'POST' && path === `/v1/tenants/${TENANT}/keys`)
    return { status: 200, body: { current: twin.keyVersion, data: twin.data, index: twin.index } }
  return { status: 404, body: { code: 'resource.unknown' } }
}

async function startTwin(socketPath: string): Promise<Twin> {
  const server = createServer((request, reply) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      const body: unknown = text === '' ? null : JSON.parse(text)
      const path = request.url ?? ''
      const method = request.method ?? ''
      twin.calls.push({ method, path, token: request.headers.authorization ?? '', body })
      const fault = twin.fault?.(path) ?? null
      if (fault === 'hang') return
      if (fault === 'cut') {
        request.socket.destroy()
        return
      }
      if (fault !== null) {
        reply.writeHead(fault.status).end(fault.body)
        return
      }
      const answer = answerOf(twin, method, path, body)
      reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
    })
  })
  const twin: Twin = {
    server,
    calls: [],
    events: new Map(),
    catalogue: {},
    jwks: [],
    keyVersion: 1,
    data: { 1: randomBytes(32).toString('base64') },
    index: randomBytes(32).toString('base64'),
    fault: null,
  }
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return twin
}

suite('the client of a protected service', () => {
  let folder: string
  let twin: Twin
  let surety: Surety
  let now: Date
  let key: CryptoKey

  const later = (seconds: number): void => {
    now = new Date(now.getTime() + seconds * 1000)
  }
  const publish = async (kid: string): Promise<CryptoKey> => {
    const pair = await generateKeyPair('EdDSA')
    twin.jwks = [{ ...(await exportJWK(pair.publicKey)), kid, alg: 'EdDSA', use: 'sig' }]
    return pair.privateKey
  }
  const token = (
    more: { kid?: string; key?: CryptoKey; issuer?: string; audience?: string; claims?: object } = {},
  ): Promise<string> =>
    new SignJWT({
      kind: 'account',
      ws: TENANT,
      role: 'agent',
      permissions: ['conversation.read'],
      level: 'full',
      rid: 'r-1',
      ...more.claims,
    })
      .setProtectedHeader({ alg: 'EdDSA', kid: more.kid ?? 'one' })
      .setSubject('account-1')
      .setIssuer(more.issuer ?? ISSUER)
      .setAudience(more.audience ?? 'upstream')
      .setIssuedAt(now)
      .setExpirationTime(new Date(now.getTime() + 60_000))
      .sign(more.key ?? key)
  const refusedWith = (code: string) => (error: unknown) =>
    error instanceof SuretyError && error.code === code
  const count = (path: string): number => twin.calls.filter((call) => call.path === path).length

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'client-'))
    twin = await startTwin(join(folder, 's.sock'))
  })
  after(async () => {
    surety.close()
    twin.server.closeAllConnections()
    twin.server.close()
    await rm(folder, { recursive: true })
  })
  beforeEach(async () => {
    surety?.close()
    now = new Date('2026-01-30T12:00:00Z')
    twin.calls.length = 0
    twin.fault = null
    key = await publish('one')
    surety = openSurety({
      socketPath: join(folder, 's.sock'),
      token: 'service-token',
      issuer: ISSUER,
      now: () => now,
      timeoutMs: 200,
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
    key = await publish('two')
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
    twin.keyVersion = 2
    twin.data = { ...twin.data, 2: randomBytes(32).toString('base64') }
    later(901)
    const after_ = await surety.tenantKeys(TENANT)
    assert.equal(after_.keyring.current.version, 2)
    assert.equal(openText(after_.keyring, PLACE, sealed), 'sample')
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
    const good = twin.data
    for (const data of [{}, { 1: 'AAAA' }, { 0: good[1] ?? '' }, { 7: good[1] ?? '' }]) {
      twin.data = data
      await assert.rejects(
        surety.tenantKeys(TENANT),
        (error) => error instanceof SuretyError && ['malformed', 'keys-unusable'].includes(error.code),
      )
    }
    twin.data = good
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
    await assert.rejects(surety.policy(), refusedWith('timeout'))
    for (const body of ['{"version":"x"}', 'not json', '[]', '']) {
      twin.fault = () => ({ status: 200, body })
      await assert.rejects(surety.policy(), refusedWith('malformed'))
    }
    const nowhere = openSurety({ socketPath: join(folder, 'none'), token: 't', issuer: ISSUER, retryMs: 1 })
    await assert.rejects(nowhere.policy(), refusedWith('unreachable'))
  })

  test('no failure repeats the token', async () => {
    twin.fault = () => ({ status: 500, body: '{"code":"server.error"}' })
    const error = await surety.policy().catch((caught: unknown) => caught)
    assert.ok(error instanceof SuretyError)
    assert.ok(!JSON.stringify([error, error.stack, error.cause]).includes('service-token'))
  })
})
