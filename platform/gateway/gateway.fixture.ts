import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { fakeClock, systemClock } from '../kernel/clock.ts'
import type { AssuranceLevel, Caller } from '../kernel/caller.ts'
import type { AuditEvent } from '../kernel/event.ts'
import { silentLog, type Log } from '../kernel/log.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import type { Permission } from '../kernel/permission.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { z } from '../kernel/schema.ts'
import type { AccessDoor } from './exchange.ts'
import { contentSecurityPolicy } from './headers.ts'
import { noFirewall, type Firewall } from './firewall/firewall.ts'
import type { GatewayLimits } from './limits.ts'
import type { ReadinessProbe } from './health.ts'
import { changingPolicy, plentifulRates, publishedValues } from './policy.fixture.ts'
import { startGateway, type Gateway, type GatewayDeps } from './start.ts'

const RANK: readonly AssuranceLevel[] = ['none', 'password', 'enrolling', 'full']

/** Sessions named after their level (`__Host-surety=full`) and keys `sk_sample`; `ended` holds sessions that were ended. */
export function sampleAccess(): AccessDoor & { readonly ended: Set<string>; readonly noted: string[] } {
  const ended = new Set<string>()
  const noted: string[] = []
  return {
    ended,
    noted,
    used: (caller, permission) => void noted.push(`${caller.id} ${permission}`),
    fresh: (caller) => caller.provedAt !== null,
    provesForm: (request) => request.headers.get('surety-form') === 'full',
    decide: (caller, permission, level) => {
      if (RANK.indexOf(caller.level) < RANK.indexOf(level)) {
        const code = caller.level === 'none' ? 'access.unauthenticated' : 'access.factor-needed'
        return { allow: false, why: 'Sign in.', code }
      }
      if (permission === 'public' || caller.permissions.has(permission)) return { allow: true }
      return { allow: false, why: 'Not with this role.', code: 'access.denied' }
    },
    identify: async (request, from) => {
      const named = /__Host-surety=(\w+)/.exec(request.headers.get('cookie') ?? '')?.[1]
      const session = ended.has(named ?? '') ? undefined : named
      const key = /^Bearer sk_(\w+)/.exec(request.headers.get('authorization') ?? '')?.[1]
      const kind = session !== undefined ? 'account' : key !== undefined ? 'api-key' : 'anonymous'
      const level = kind === 'api-key' ? 'full' : kind === 'anonymous' ? 'none' : (session as AssuranceLevel)
      const permissions: Permission[] = kind === 'anonymous' ? [] : ['self.account', 'conversation.read']
      return {
        kind,
        id: key ?? (session === undefined ? '' : 'account-sample'),
        level,
        sessionId: session === undefined ? null : `session-${session}`,
        workspaceId: kind === 'anonymous' ? null : 'workspace-sample',
        workspaceRole: kind === 'anonymous' ? null : 'agent',
        staffRole: null,
        factors: [],
        provedAt: null,
        onBehalfOf: null,
        permissions: new Set(permissions),
        ip: from.ip,
        userAgent: from.userAgent,
      } satisfies Caller
    },
  }
}

const readsNothing = { none: 'a sample' }

/** A few routes with every kind of demand. */
export const sampleRoutes: readonly AnyRoute[] = [
  route({
    method: 'GET',
    path: '/api/sample/open',
    permission: 'public',
    level: 'none',
    event: readsNothing,
    query: z.strictObject({ page: z.coerce.number().int().optional() }),
    handle: async ({ query }) => ({ open: true, page: query.page ?? 0 }),
  }),
  route({
    method: 'POST',
    path: '/api/sample/sign-in',
    permission: 'public',
    level: 'none',
    rate: 'sign-in',
    event: readsNothing,
    body: z.strictObject({ password: z.string().max(100) }),
    handle: async () => ({ ok: true }),
  }),
  route({
    method: 'POST',
    path: '/api/sample/notes/:id',
    permission: 'self.account',
    event: readsNothing,
    params: z.strictObject({ id: z.string().max(40) }),
    body: z.strictObject({ text: z.string().max(2_000_000) }),
    handle: async ({ params, body, caller }) => ({ id: params.id, length: body.text.length, who: caller.id }),
  }),
  route({
    method: 'POST',
    path: '/api/sample/sensitive',
    permission: 'self.account',
    fresh: true,
    event: 'sample.changed',
    handle: async () => ({ done: true }),
  }),
  route({
    method: 'PUT',
    path: '/api/sample/setting',
    permission: 'self.account',
    event: 'sample.changed',
    handle: async () => undefined,
  }),
  route({
    method: 'GET',
    path: '/api/sample/page',
    permission: 'public',
    level: 'none',
    event: readsNothing,
    handle: async () =>
      new Response('<p>page</p>', {
        headers: { 'content-security-policy': contentSecurityPolicy.page, 'content-type': 'text/html' },
      }),
  }),
  route({
    method: 'GET',
    path: '/api/sample/staff',
    permission: 'platform.people',
    event: readsNothing,
    handle: async () => ({ secret: true }),
  }),
  route({
    method: 'GET',
    path: '/api/sample/broken',
    permission: 'public',
    level: 'none',
    event: readsNothing,
    handle: async () => {
      throw new Error('connection string postgres://user:hunter2@db')
    },
  }),
  route({
    surface: 'service',
    method: 'GET',
    path: '/v1/sample',
    permission: 'service.protected',
    event: readsNothing,
    handle: async ({ caller }) => ({ kind: caller.kind }),
  }),
  route({
    surface: 'operator',
    method: 'GET',
    path: '/sample',
    permission: 'operator.local',
    event: readsNothing,
    handle: async ({ caller }) => ({ kind: caller.kind }),
  }),
] as readonly AnyRoute[]

/** A running gateway before a small service, and everything it noted. */
export interface TestGateway {
  readonly gateway: Gateway
  readonly port: number
  readonly ca: string
  readonly folder: string
  readonly clock: ReturnType<typeof fakeClock>
  readonly access: ReturnType<typeof sampleAccess>
  readonly events: AuditEvent[]
  readonly lines: { readonly message: string; readonly record: Record<string, unknown> }[]
  readonly publish: (values: Readonly<Record<string, unknown>>) => void
  readonly reader: PolicyReader
  readonly close: () => Promise<void>
}

interface TestMore {
  readonly limits?: Partial<GatewayLimits>
  readonly onUpgrade?: (incoming: IncomingMessage, socket: Socket) => void
  readonly readiness?: readonly ReadinessProbe[]
  readonly firewall?: Firewall
  readonly turnedAway?: GatewayDeps['turnedAway']
  /** Files of the console, by name. */
  readonly console?: Readonly<Record<string, string>>
}

/** The configuration of a gateway on free ports, with its keys in `folder`. */
export function testConfig(folder: string): GatewayDeps['config'] {
  return {
    SURETY_HOST: 'localhost',
    SURETY_LISTEN: '127.0.0.1',
    SURETY_HTTPS_PORT: 0,
    SURETY_HTTP_PORT: 0,
    SURETY_KEYS: join(folder, 'keys'),
    SURETY_TLS_CERT: '',
    SURETY_TLS_KEY: '',
    SURETY_ACME_DIRECTORY: '',
    SURETY_ACME_CONTACT: '',
    SURETY_ACME_AUTHORITY: '',
    SURETY_ACME_BINDING: '',
    UPSTREAM_PUBLIC_PATHS: '/hooks/,/w/',
    SHUTDOWN_SECONDS: 1,
    LOG_LEVEL: 'info',
  }
}

/** Starts one before the routes of a real access, on free ports unless told; it logs nothing, and nobody stands behind it. */
export function quietGateway(
  folder: string,
  deps: Pick<GatewayDeps, 'clock' | 'policy' | 'access' | 'record' | 'routes'>,
  httpsPort = 0,
): Promise<Gateway> {
  return startGateway({
    ...deps,
    config: { ...testConfig(folder), SURETY_HTTPS_PORT: httpsPort, LOG_LEVEL: 'silent' },
    log: silentLog,
    readiness: [],
    upstream: new URL('http://127.0.0.1:9'),
    firewall: noFirewall,
    ...placesIn(folder),
  })
}

/** Starts one before a service whose every path is open, with rates that thousands of requests of one address never use up. */
export function openGateway(folder: string, upstream: URL, firewall: Firewall): Promise<Gateway> {
  return startGateway({
    config: { ...testConfig(folder), UPSTREAM_PUBLIC_PATHS: '/', LOG_LEVEL: 'silent' },
    clock: systemClock,
    policy: changingPolicy({ ...publishedValues, ...plentifulRates }).reader,
    log: silentLog,
    access: sampleAccess(),
    record: async () => undefined,
    routes: [],
    readiness: [],
    upstream,
    firewall,
    ...placesIn(folder),
  })
}

function placesIn(folder: string): Pick<GatewayDeps, 'consoleFolder' | 'serviceSocket' | 'operatorSocket'> {
  return {
    consoleFolder: join(folder, 'dist'),
    serviceSocket: join(folder, 'run', 's.sock'),
    operatorSocket: join(folder, 'run', 'o.sock'),
  }
}

/** Starts one on free ports; `service` answers what is proxied. */
export async function testGateway(
  service: RequestListener = (_incoming, outgoing) => void outgoing.end('service'),
  more: TestMore = {},
): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-gateway-'))
  for (const [name, content] of Object.entries(more.console ?? {})) {
    await mkdir(dirname(join(folder, 'dist', name)), { recursive: true })
    await writeFile(join(folder, 'dist', name), content)
  }
  const server = createServer(service)
  if (more.onUpgrade !== undefined)
    server.on('upgrade', (incoming, socket) => more.onUpgrade?.(incoming, socket as Socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { reader, publish } = changingPolicy()
  const lines: TestGateway['lines'] = []
  const [clock, access, events] = [fakeClock(new Date()), sampleAccess(), [] as AuditEvent[]]
  const gateway = await startGateway({
    config: testConfig(folder),
    clock,
    policy: reader,
    log: keepingLog(lines),
    access,
    record: async (event) => void events.push(event),
    routes: sampleRoutes,
    readiness: more.readiness ?? [],
    firewall: more.firewall ?? noFirewall,
    turnedAway: more.turnedAway,
    upstream: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ...placesIn(folder),
    ...(more.limits === undefined ? {} : { limits: more.limits }),
  })
  const close = (): Promise<void> => closeAll(gateway, server, folder)
  const ca = gateway.authority ?? ''
  const { port } = gateway.addresses.https
  return { gateway, port, ca, folder, clock, access, events, lines, publish, reader, close }
}

function keepingLog(lines: TestGateway['lines']): Log {
  const keep = (record: object, message: string): void =>
    void lines.push({ message, record: record as Record<string, unknown> })
  return { ...silentLog, info: keep, warn: keep, error: keep }
}

async function closeAll(gateway: Gateway, server: Server, folder: string): Promise<void> {
  await gateway.stop()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true })
}

/** A response, read whole. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** One HTTP/1.1 request over TLS, or over a Unix socket when `socketPath` is given. */
export function ask(
  to: Pick<TestGateway, 'port' | 'ca'>,
  path: string,
  options: RequestOptions & { readonly body?: string | Buffer } = {},
): Promise<Reply> {
  const { body, ...more } = options
  return new Promise((resolve, reject) => {
    const where = { host: '127.0.0.1', port: to.port, ca: to.ca, servername: 'localhost', path, agent: false }
    const headers = { host: `localhost:${to.port}`, ...(more.headers as Record<string, string>) }
    const sent =
      more.socketPath === undefined || more.socketPath === null
        ? httpsRequest({ ...where, ...more, headers })
        : httpRequest({ path, ...more, headers })
    sent.on('error', reject)
    sent.on('response', (response) => {
      text(response).then(
        (whole) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: whole }),
        reject,
      )
    })
    sent.end(body)
  })
}

/** One HTTP/2 request. */
export function askHttp2(
  to: Pick<TestGateway, 'port' | 'ca'>,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://localhost:${to.port}`, { ca: to.ca, host: '127.0.0.1' } as object)
    session.on('error', reject)
    const stream = session.request({ ':path': '/', ...headers }, { endStream: body === undefined })
    stream.on('error', reject)
    stream.on('response', (got) => {
      const { ':status': status, ...headers } = got
      text(stream)
        .then((whole) => resolve({ status: Number(status), headers, body: whole }))
        .catch(reject)
        .finally(() => session.close())
    })
    if (body !== undefined) stream.end(body)
  })
}

/** Sends bytes as they are over TLS and gives back everything that came until the connection ended. */
export function sendRaw(
  to: Pick<TestGateway, 'port' | 'ca'>,
  bytes: string,
  options: ConnectionOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: to.port,
      ca: to.ca,
      servername: 'localhost',
      ALPNProtocols: ['http/1.1'],
      ...options,
    })
    let got = ''
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(got))
    socket.on('secureConnect', () => socket.write(bytes))
  })
}
