import { createHash, randomBytes } from 'node:crypto'
import { firstPerson, testAccess, type TestAccess, type TestPerson } from '../access.fixture.ts'
import type { ClientWish } from './wish.ts'

/** Where the sample application runs, in tests that never open it. */
export const RETURN_ADDRESS = 'https://client.example/return'

/** A wish for an ordinary application that people sign in to. */
export const sampleWish: ClientWish = {
  name: 'Sample application',
  grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
  authMethod: 'client_secret_basic',
  scopes: ['openid', 'profile', 'email', 'offline_access', 'channel.read', 'rule.read'],
  redirectUris: [RETURN_ADDRESS],
  logoutRedirectUris: ['https://client.example/bye'],
  backchannelLogoutUri: null,
  publicKeys: null,
  idTokenAlgorithm: 'RS256',
  dpop: false,
  introspects: false,
}

/** A registered program and how it shows itself. */
export interface TestClient {
  readonly id: string
  readonly secret: string
  readonly basic: string
}

/** Access, a person and a registered program. The clock starts at the machine's time, which the library reads too. */
export async function testClients(values: Readonly<Record<string, unknown>> = {}) {
  const test = await testAccess(values)
  test.clock.set(new Date())
  const person = await firstPerson(test)
  // The library counts in whole seconds of the machine's own clock.
  test.clock.set(new Date())
  return { ...test, person, client: await registered(test, person) }
}

/** What `testClients` gives. */
export type TestClients = Awaited<ReturnType<typeof testClients>>

/** Registers another program in the person's workspace. */
export async function registered(
  { access }: Pick<TestAccess, 'access'>,
  person: Pick<TestPerson, 'id' | 'workspace' | 'context'>,
  wish: Partial<ClientWish> = {},
): Promise<TestClient> {
  const made = await access.clients.make(await person.context(), {
    ...sampleWish,
    ...wish,
    workspace: person.workspace,
    account: person.id,
    seconds: 3600,
  })
  const secret = made.secret ?? ''
  return { id: made.id, secret, basic: basicOf(made.id, secret) }
}

/** The header by which a client shows its secret. */
export function basicOf(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
}

/** A browser of the test: sends its cookies where they belong and follows nothing. */
export function testBrowser({ door }: Pick<TestAccess, 'door'>) {
  const cookies = new Map<string, string>()
  const send = async (path: string, form?: Record<string, string>): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie === '' ? {} : { cookie }), accept: 'text/html' }
    const url = new URL(path, 'https://localhost:8443')
    const reply = await door.request(`${url.pathname}${url.search}`, {
      headers: form === undefined ? headers : { ...headers, 'content-type': FORM },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form).toString() }),
    })
    for (const line of reply.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      if (/expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(pair.slice(0, at))
      else cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return reply
  }
  return { send, cookies, use: (token: string) => cookies.set('__Host-surety', token) }
}

/** A browser of a test. */
export type TestBrowser = ReturnType<typeof testBrowser>

/** How forms are sent. */
export const FORM = 'application/x-www-form-urlencoded'

/** Posts a form to an endpoint as a client does. */
export async function post(
  { door }: Pick<TestAccess, 'door'>,
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const reply = await door.request(path, {
    method: 'POST',
    headers: { 'content-type': FORM, ...headers },
    body: new URLSearchParams(form).toString(),
  })
  const text = await reply.text()
  return { status: reply.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) }
}

/** What an application sends along to be sure that the answer is its own (RFC 7636). */
export function pkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** The address of an authorization request. */
export function authorizationUrl(client: string, more: Record<string, string> = {}): string {
  const query = {
    client_id: client,
    response_type: 'code',
    redirect_uri: RETURN_ADDRESS,
    scope: 'openid channel.read',
    state: 'sample-state',
    ...more,
  }
  return `/oauth/auth?${new URLSearchParams(query).toString()}`
}

/** Goes through an authorization request with whatever session the browser has; returns where it leads in the end. */
export async function walk(browser: TestBrowser, url: string): Promise<URL> {
  let at = new URL(url, 'https://localhost:8443')
  for (let step = 0; step < 12; step += 1) {
    if (at.origin !== 'https://localhost:8443') return at
    const reply = await browser.send(at.href)
    const location = reply.headers.get('location')
    if (location !== null) {
      at = new URL(location, at)
      continue
    }
    const page = await reply.text()
    const next = /http-equiv="refresh" content="0; url=([^"]+)"/.exec(page)?.[1]
    const consent = /action="([^"]+\/consent)"/.exec(page)?.[1]
    if (next !== undefined) at = new URL(next, at)
    else if (consent !== undefined) {
      const answered = await browser.send(consent, { answer: 'allow' })
      at = new URL(answered.headers.get('location') ?? '', at)
    } else throw new Error(`the way ends at a page: ${reply.status} ${page}`)
  }
  throw new Error('the way has no end')
}

/** A code for the person, and what is needed to exchange it. */
export async function codeFor(
  test: TestClients,
  client: string = test.client.id,
  more: Record<string, string> = {},
): Promise<{ readonly code: string; readonly verifier: string }> {
  const { verifier, challenge } = pkce()
  const browser = testBrowser(test)
  browser.use(test.person.token)
  const asked = { code_challenge: challenge, code_challenge_method: 'S256', ...more }
  const end = await walk(browser, authorizationUrl(client, asked))
  const code = end.searchParams.get('code')
  if (code === null) throw new Error(`no code came back: ${end.href}`)
  return { code, verifier }
}

/** Exchanges a code. */
export function exchange(
  test: TestClients,
  { code, verifier }: { readonly code: string; readonly verifier: string },
  client: TestClient = test.client,
  headers: Record<string, string> = {},
) {
  const form = {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: RETURN_ADDRESS,
  }
  return post(test, '/oauth/token', form, { authorization: client.basic, ...headers })
}

/** A token of the program in its own name. */
export async function ownToken(
  test: TestClients,
  scope = 'channel.read',
  client = test.client,
): Promise<string> {
  const form = { grant_type: 'client_credentials', scope }
  const { body } = await post(test, '/oauth/token', form, { authorization: client.basic })
  return String(body['access_token'])
}

/** Who the gateway takes this token's bearer for. */
export function callerByToken(
  { access }: Pick<TestAccess, 'access'>,
  token: string,
  headers: Record<string, string> = {},
) {
  const request = new Request('https://localhost:8443/inbox/channels', {
    headers: { authorization: `Bearer ${token}`, ...headers },
  })
  return access.identify(request, { ip: '192.0.2.9', userAgent: 'sample program' })
}
