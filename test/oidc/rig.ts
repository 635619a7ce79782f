import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import {
  codeNow,
  contextOf,
  callerOf,
  firstPerson,
  GOOD_PASSWORD,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../../platform/access/access.fixture.ts'
import { accessRoutes, openAccess, type Access } from '../../platform/access/index.ts'
import { quietGateway } from '../../platform/gateway/gateway.fixture.ts'
import { systemClock } from '../../platform/kernel/clock.ts'
import type { AuditEvent } from '../../platform/kernel/event.ts'
import { silentLog } from '../../platform/kernel/log.ts'
import { openBrowser } from '../journey/browser.ts'
import { tlsFetch } from './tls-fetch.ts'
import { freePort } from '../../launch/free-port.ts'

/** Somebody of the workspace who can sign in by hand. */
export interface Somebody {
  readonly id: string
  readonly email: string
  readonly password: string
  readonly name: string
  /** The next code that was not used yet, at once as long as there is one. */
  code(): Promise<string>
}

/** A provider that runs behind the real gateway, an application that uses it, and a browser. */
export interface Rig {
  readonly origin: string
  readonly fetch: ReturnType<typeof tlsFetch>
  readonly browser: Browser
  readonly access: Access
  readonly owner: TestPerson
  readonly application: Application
  /** Makes a person who belongs to the workspace. */
  somebody(): Promise<Somebody>
  close(): Promise<void>
}

/** What an application hears: browsers that come back, and notices that somebody signed out. */
export interface Application {
  readonly origin: string
  /** Every address on which a browser came back, newest last. */
  readonly returns: URL[]
  readonly logoutTokens: string[]
}

/** Starts everything on free ports of this machine. */
export async function openRig(): Promise<Rig> {
  const test = await testAccess({
    'api.rate': 100_000,
    'rate.network': 1_000_000_000,
    'rate.account': 1_000_000_000,
    'rate.workspace': 1_000_000_000,
    'rate.sign-in': 30,
    'hsts.max-age': 3600,
    ...TLS,
  })
  test.clock.set(new Date())
  const owner = await firstPerson(test)
  const live = setInterval(() => test.clock.set(new Date()), 20)
  const port = await freePort()
  const origin = `https://localhost:${port}`
  const access = openAccess({ ...test, clock: systemClock, origin, log: silentLog })
  const folder = await mkdtemp(join(tmpdir(), 'surety-oidc-'))
  const gateway = await gatewayOver(test, access, folder, port)
  const { server, application } = await openApplication()
  const browser = await openBrowser()
  let people = 0
  return {
    origin,
    fetch: tlsFetch(gateway.authority ?? ''),
    browser,
    access,
    owner,
    application,
    somebody: async () => {
      people += 1
      return makeSomebody(test, access, owner, `person-${people}@example.org`)
    },
    close: async () => {
      clearInterval(live)
      await browser.close()
      await gateway.stop()
      server.closeAllConnections()
      server.close()
      await access.close()
      await test.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const TLS = { 'tls.minimum': 'TLSv1.3', 'tls.groups': ['X25519', 'P-256'] } as const

function gatewayOver(test: TestAccess, access: Access, folder: string, port: number) {
  const deps = {
    clock: systemClock,
    policy: test.policy,
    access: {
      identify: access.identify,
      decide: access.decide,
      fresh: access.isFresh,
      provesForm: access.provesForm,
    },
    record: (event: AuditEvent) => test.db.transaction().execute((tx) => test.audit.record(tx, event)),
    routes: accessRoutes(access),
  }
  return quietGateway(folder, deps, port)
}

/** On the loopback address, which for a browser is another site than `localhost`. */
async function openApplication(): Promise<{ server: Server; application: Application }> {
  const returns: URL[] = []
  const logoutTokens: string[] = []
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, returns, logoutTokens).catch((error: unknown) =>
      outgoing.destroy(error as Error),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { server, application: { origin, returns, logoutTokens } }
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  returns: URL[],
  logoutTokens: string[],
): Promise<void> {
  const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host}`)
  if (url.pathname === '/told') {
    const form = new URLSearchParams(await text(incoming))
    logoutTokens.push(form.get('logout_token') ?? '')
    outgoing.end()
    return
  }
  if (url.pathname.startsWith('/back')) returns.push(url)
  outgoing.setHeader('content-type', 'text/html')
  outgoing.end(url.pathname === '/form' ? formPage(url) : '<title>Application</title><p>Application</p>')
}

/** A page of the application that sends its request as a form. */
function formPage(url: URL): string {
  const action = url.searchParams.get('action') ?? ''
  url.searchParams.delete('action')
  const inputs = [...url.searchParams].map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${value.replaceAll('"', '&quot;')}">`,
  )
  return `<title>Application</title><form method="post" action="${action}">${inputs.join('')}<button>Send</button></form>`
}

async function makeSomebody(
  test: TestAccess,
  access: Access,
  owner: TestPerson,
  email: string,
): Promise<Somebody> {
  const made = await access.people.invite(await owner.context(), { email, role: 'agent' })
  const name = 'Sample Person'
  const right = await access.redeem(contextOf(), { token: made.token, name, password: GOOD_PASSWORD })
  const begun = await access.signIn.begin(contextOf(), right.account, right.workspace)
  const context = contextOf(await callerOf(access, begun.token))
  const { factorId, secret } = await access.factors.enrol(context, 'sample app')
  const code = codesOf(secret)
  const done = await access.factors.confirmEnrolment(context, { factorId, code: await code(), device: null })
  await access.endSessions(contextOf(await callerOf(access, done.token)), {})
  return {
    id: right.account,
    email,
    password: GOOD_PASSWORD,
    name,
    code,
  }
}

const STEP_MS = 30_000
/** A code is given out this long before the next step, so that it is not too old on arrival. */
const ARRIVAL_MS_MAX = 5000

/** Codes of an authenticator, each good once; the step before this one and the next are accepted, too. */
function codesOf(secret: string): () => Promise<string> {
  const step = (): number => Math.floor(Date.now() / STEP_MS)
  let last = 0
  return async () => {
    while (Date.now() % STEP_MS > STEP_MS - ARRIVAL_MS_MAX) await pause(100)
    last = Math.max(last + 1, step() - 1)
    while (last > step() + 1) await pause(100)
    const at = new Date(last * STEP_MS)
    return codeNow({ now: () => at }, secret)
  }
}
