import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose'
import type { Erasure, KnownHooks, ServiceEvent, SignedHook, Tenant } from '../index.ts'

/** The issuer of the twin's identities. */
export const TWIN_ISSUER = 'https://localhost:8443'

/** What the twin answers instead: a status and body, no answer, or a cut connection; null answers as usual. */
type TwinFault = { readonly status: number; readonly body: string } | 'hang' | 'cut' | null

/** The service socket as its contract describes it, for tests of what stands at that border. */
export interface PlatformTwin {
  readonly socketPath: string
  readonly calls: { method: string; path: string; token: string; body: unknown }[]
  /** Events by id, each written once. */
  readonly events: Map<string, ServiceEvent>
  readonly catalogue: Record<string, unknown>
  tenants: Tenant[]
  /** Signed hooks by path. */
  readonly hooks: Map<string, SignedHook>
  /** Another one after each start of the gateway. */
  epoch: string
  /** A tenant's keys, made at first use. */
  keysOf(tenant: string): {
    current: number
    sealsUntil: string
    data: Record<string, string>
    indexes: { version: number; key: string; writesFrom: string }[]
  }
  /** Persons who have a key, by tenant and person; null once they were erased. */
  readonly persons: Map<string, string | null>
  /** Erasures so far, in order. */
  readonly erasures: Erasure[]
  /** Erases a person, as an owner does it at the platform. */
  erase(tenant: string, person: string): void
  fault: (path: string) => TwinFault
  /** Told once an answer is made, before it is on its way. */
  answered: (path: string) => void
  /** Replaces the identity key by one with this id. */
  publish(kid: string): Promise<CryptoKey>
  /** An identity as the gateway would sign it now. */
  sign(
    claims?: object,
    more?: { now?: Date; kid?: string; key?: CryptoKey; issuer?: string; audience?: string },
  ): Promise<string>
  stop(): Promise<void>
}

type Keys = ReturnType<PlatformTwin['keysOf']>

const newKey = (): string => randomBytes(32).toString('base64')
const newKeys = (): Keys => ({
  current: 1,
  sealsUntil: '2100-01-01T00:00:00.000Z',
  data: { 1: newKey() },
  indexes: [{ version: 1, key: newKey(), writesFrom: '2020-01-01T00:00:00.000Z' }],
})

function answerOf(
  twin: PlatformTwin,
  jwks: readonly object[],
  method: string,
  path: string,
  body: unknown,
): { status: number; body: unknown } {
  const ok = (answer: unknown) => ({ status: 200, body: answer })
  switch (`${method} ${path}`) {
    case 'GET /v1/jwks':
      return ok({ keys: jwks })
    case 'GET /v1/policy':
      return ok({
        version: 3,
        values: { 'session.idle': { value: 1800, text: '30 minutes', unit: 'seconds' } },
      })
    case 'GET /v1/tenants':
      return ok({ tenants: twin.tenants })
    case 'GET /v1/signed-hooks':
      return ok({ epoch: twin.epoch, ways: twin.hooks.size })
    case 'POST /v1/signed-hooks':
      return ok(takeHooks(twin, body as HookChange))
    case 'POST /v1/events/catalogue':
      Object.assign(twin.catalogue, (body as { events: object }).events)
      return ok({})
    case 'POST /v1/events': {
      const { events } = body as { events: ServiceEvent[] }
      for (const event of events) twin.events.set(event.id, event)
      return ok({ accepted: events.map((event) => event.id) })
    }
    default:
      return answerByPath(twin, method, path, body)
  }
}

function answerByPath(twin: PlatformTwin, method: string, path: string, body: unknown) {
  if (path.startsWith('/v1/erasures')) {
    const after = new URL(path, TWIN_ISSUER).searchParams.get('after') ?? ''
    const erasures = twin.erasures.filter(({ id }) => id > after)
    return { status: 200, body: { erasures, more: false } }
  }
  const [, persons = '', what = ''] = /^\/v1\/tenants\/([^/]+)\/persons\/(keys|end)$/.exec(path) ?? []
  if (persons !== '') return { status: 200, body: answerPersons(twin, persons, what, body as AskedPersons) }
  const tenant = /^POST \/v1\/tenants\/([^/]+)\/keys$/.exec(`${method} ${path}`)?.[1]
  return tenant === undefined
    ? { status: 404, body: { code: 'resource.unknown' } }
    : { status: 200, body: twin.keysOf(tenant) }
}

interface AskedPersons {
  readonly persons: readonly string[]
  readonly make?: boolean
}

function answerPersons(twin: PlatformTwin, tenant: string, what: string, asked: AskedPersons): object {
  if (what === 'end') {
    for (const person of asked.persons) twin.erase(tenant, person)
    return { ended: asked.persons.length }
  }
  const [persons, erased]: [Record<string, object>, string[]] = [{}, []]
  for (const person of asked.persons) {
    const name = `${tenant}/${person}`
    if (asked.make === true && !twin.persons.has(name)) twin.persons.set(name, newKey())
    const key = twin.persons.get(name)
    if (key === null) erased.push(person)
    else if (key !== undefined)
      persons[person] = { current: 1, sealsUntil: '2100-01-01T00:00:00.000Z', data: { 1: key } }
  }
  return { persons, erased }
}

function eraseIn({ persons, erasures }: PlatformTwin, tenant: string, person: string): void {
  persons.set(`${tenant}/${person}`, null)
  const number = String(erasures.length + 1).padStart(12, '0')
  erasures.push({ id: `01890000-0000-7000-8000-${number}`, tenant, person })
}

interface HookChange {
  readonly hooks?: readonly SignedHook[]
  readonly gone?: readonly string[]
}

function takeHooks(twin: PlatformTwin, { hooks = [], gone = [] }: HookChange): KnownHooks {
  for (const path of gone) twin.hooks.delete(path)
  for (const hook of hooks) twin.hooks.set(hook.path, hook)
  return { epoch: twin.epoch, ways: twin.hooks.size }
}

function serve(twin: PlatformTwin, jwks: () => readonly object[]): Server {
  return createServer((request, reply) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      const body: unknown = text === '' ? null : JSON.parse(text)
      const [method, path] = [request.method ?? '', request.url ?? '']
      twin.calls.push({ method, path, token: request.headers.authorization ?? '', body })
      const fault = twin.fault(path)
      if (fault === 'hang') return
      if (fault === 'cut') request.socket.destroy()
      else if (fault === null) {
        const answer = answerOf(twin, jwks(), method, path, body)
        twin.answered(path)
        reply
          .writeHead(answer.status, { 'content-type': 'application/json' })
          .end(JSON.stringify(answer.body))
      } else reply.writeHead(fault.status).end(fault.body)
    })
  })
}

/** Starts a twin on a Unix socket of its own. */
export async function startPlatformTwin(): Promise<PlatformTwin> {
  const folder = await mkdtemp(join(tmpdir(), 'twin-'))
  const kept = new Map<string, Keys>()
  let jwks: object[] = []
  let current: { key: CryptoKey; kid: string }

  const twin: PlatformTwin = {
    socketPath: join(folder, 's.sock'),
    calls: [],
    events: new Map(),
    catalogue: {},
    tenants: [],
    hooks: new Map(),
    epoch: 'first',
    persons: new Map(),
    erasures: [],
    erase: (tenant, person) => eraseIn(twin, tenant, person),
    fault: () => null,
    answered: () => {},
    keysOf: (tenant) => {
      const keys = kept.get(tenant) ?? newKeys()
      kept.set(tenant, keys)
      return keys
    },
    publish: async (kid) => {
      const { publicKey, privateKey } = await generateKeyPair('EdDSA')
      jwks = [{ ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' }]
      current = { key: privateKey, kid }
      return privateKey
    },
    sign: (claims = {}, more = {}) => {
      const now = more.now ?? new Date()
      const usual = { kind: 'account', ws: null, role: 'agent', permissions: [], level: 'full', rid: 'r-1' }
      return new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg: 'EdDSA', kid: more.kid ?? current.kid })
        .setSubject('account-1')
        .setIssuer(more.issuer ?? TWIN_ISSUER)
        .setAudience(more.audience ?? 'upstream')
        .setIssuedAt(now)
        .setExpirationTime(new Date(now.getTime() + 60_000))
        .sign(more.key ?? current.key)
    },
    stop: () => stopServing(server, folder),
  }
  await twin.publish('one')
  const server = serve(twin, () => jwks)
  await new Promise<void>((resolve) => server.listen(twin.socketPath, resolve))
  return twin
}

async function stopServing(server: Server, folder: string): Promise<void> {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
}
