import type { Caller } from '../../kernel/caller.ts'
import type { Observation } from '../../kernel/control.ts'
import { observed } from '../../kernel/observed.ts'
import { accessLifetime } from '../parameters.ts'
import { directDoor, type Door } from '../direct-door.ts'
import type { Access } from '../access.ts'
import { withTwin, type AccessSystem } from './observed-system.ts'
import { CHECK_ORIGIN, checkContext, withProbe } from './probe-person.ts'
import { PROBE_WORKSPACE } from './queries.ts'

const SCOPE = 'channel.read'
/** Needs another permission than the probe's token has. */
const OTHER_PATH = '/api/people'
/** Needs a permission that no program ever has. */
const PEOPLE_PATH = '/api/clients'
const PROBE_SECONDS = 600

/** A program that a check registered for itself. */
interface Probe {
  readonly id: string
  readonly secret: string
}

type Reply = { readonly status: number; readonly body: Record<string, unknown> }

async function post(
  door: Door,
  path: string,
  form: Record<string, string>,
  probe: Probe | null,
): Promise<Reply> {
  const basic = probe === null ? '' : Buffer.from(`${probe.id}:${probe.secret}`).toString('base64')
  const reply = await door.request(path, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': CHECK_ORIGIN.userAgent,
      ...(probe === null ? {} : { authorization: `Basic ${basic}` }),
    },
    body: new URLSearchParams(form).toString(),
  })
  const text = await reply.text()
  const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
  return { status: reply.status, body: json }
}

async function statusWith(door: Door, path: string, token: string | null): Promise<number> {
  const credentials = token === null ? {} : { authorization: `Bearer ${token}` }
  const headers = { ...credentials, 'user-agent': CHECK_ORIGIN.userAgent }
  const reply = await door.request(path, { headers })
  await reply.body?.cancel()
  return reply.status
}

/** Whether an authorization request was turned away, on a page or on the way back to the application. */
async function turnedAway(door: Door, probe: Probe, more: Record<string, string>): Promise<boolean> {
  const query = new URLSearchParams({
    client_id: probe.id,
    response_type: 'code',
    redirect_uri: RETURN_ADDRESS,
    scope: 'openid',
    code_challenge_method: 'S256',
    ...more,
  })
  const reply = await door.request(`/oauth/auth?${query.toString()}`, {
    redirect: 'manual',
    headers: { 'user-agent': CHECK_ORIGIN.userAgent },
  })
  await reply.body?.cancel()
  const location = reply.headers.get('location') ?? ''
  return reply.status >= 400 || /[?&#]error=/.test(location)
}

const RETURN_ADDRESS = 'https://check.invalid/return'
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

/** Asks for a token as a program does, uses it, gives it back, and tries everything that must be refused. */
function look(system: AccessSystem, access: Access, door: Door): Promise<Observation> {
  return withProbe(
    system,
    async (person) => {
      const made = await access.clients.make(checkContext(system), probeWish(person.id))
      const probe = { id: made.id, secret: made.secret ?? '' }
      const lifetime = system.parts.policy.read(accessLifetime)
      const expectations = [
        ...(await tokenExpectations(door, probe, lifetime)),
        ...(await requestExpectations(door, probe)),
      ]
      const failures = expectations.filter(([good]) => !good).map(([, says]) => says)
      const count = expectations.length
      const saw = `a program got a token for ${lifetime} s and was refused without it, beyond its scope and after it gave it back`
      return observed(failures, saw, { waysToAsk: count }, { count, coverage: 1, of: 'ways to ask' })
    },
    'admin',
  )
}

/** What must be so, and what is wrong when it is not. */
type Expectation = readonly [boolean, string]

async function tokenExpectations(door: Door, probe: Probe, lifetime: number): Promise<Expectation[]> {
  const form = { grant_type: 'client_credentials', scope: SCOPE }
  const { status, body } = await post(door, '/oauth/token', form, probe)
  const token = String(body['access_token'])
  const wrong = await post(door, '/oauth/token', form, { ...probe, secret: 'wrong' })
  const inside = await post(door, '/oauth/introspect', { token }, probe)
  const before: Expectation[] = [
    [status === 200 && body['expires_in'] === lifetime, `a program got no token for ${lifetime} s`],
    [wrong.status === 401, 'a wrong secret was not refused'],
    [inside.body['active'] === true, 'a good token was called none'],
    [(await statusWith(door, OTHER_PATH, null)) === 401, 'a request without a token was let in'],
    [(await statusWith(door, OTHER_PATH, token)) === 403, 'a token without the scope was let in'],
    [(await statusWith(door, PEOPLE_PATH, token)) === 403, 'a token reached what only people do'],
  ]
  await post(door, '/oauth/revoke', { token }, probe)
  return [...before, [(await statusWith(door, OTHER_PATH, token)) === 401, 'a revoked token was let in']]
}

async function requestExpectations(door: Door, probe: Probe): Promise<Expectation[]> {
  const implicit = { response_type: 'token', code_challenge: CHALLENGE }
  const plain = { code_challenge: CHALLENGE, code_challenge_method: 'plain' }
  return [
    [await turnedAway(door, probe, implicit), 'a token was given in an address'],
    [await turnedAway(door, probe, {}), 'a request without PKCE was let in'],
    [await turnedAway(door, probe, plain), 'a request with plain PKCE was let in'],
    [!(await turnedAway(door, probe, { code_challenge: CHALLENGE })), 'a good request was turned away'],
  ]
}

function probeWish(account: string): Parameters<Access['clients']['make']>[1] {
  return {
    workspace: PROBE_WORKSPACE,
    account,
    name: 'Check',
    grantTypes: ['client_credentials', 'authorization_code'],
    authMethod: 'client_secret_basic',
    scopes: ['openid', SCOPE],
    redirectUris: [RETURN_ADDRESS],
    logoutRedirectUris: [],
    backchannelLogoutUri: null,
    publicKeys: null,
    idTokenAlgorithm: 'RS256',
    dpop: false,
    introspects: false,
    seconds: PROBE_SECONDS,
  }
}

/** Tokens of a program through the gateway. Policy 4.3-a.2. */
export function lookAtTokens(system: AccessSystem): Promise<Observation> {
  return look(system, system.access, system.door)
}

/** The same look at twins that forget the scopes of a token, or that a token was given back. */
export function lookAtBrokenTokens(system: AccessSystem): Promise<Record<string, Observation>> {
  return withTwin(system, {}, async (twin) => {
    const door = (broken: Access): Door => directDoor(broken, system.parts.clock)
    return {
      'a token without its scopes': await look(system, twin, door(withoutScopes(twin))),
      'a token that was given back': await look(system, twin, door(neverForgetting(twin))),
    }
  })
}

/** Lets callers by token do whatever they ask for. */
function withoutScopes(twin: Access): Access {
  const everything = { has: () => true, size: 1, [Symbol.iterator]: () => [][Symbol.iterator]() }
  return {
    ...twin,
    identify: async (request, origin) => {
      const caller = await twin.identify(request, origin)
      return caller.kind === 'client' ? { ...caller, permissions: everything } : caller
    },
  }
}

/** Keeps whom a token stood for, and asks nobody again. */
function neverForgetting(twin: Access): Access {
  const known = new Map<string, Caller>()
  return {
    ...twin,
    identify: async (request, origin) => {
      const shown = request.headers.get('authorization') ?? ''
      const caller = known.get(shown) ?? (await twin.identify(request, origin))
      if (caller.kind === 'client') known.set(shown, caller)
      return caller
    },
  }
}
