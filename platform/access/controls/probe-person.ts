import { newId } from '../../kernel/id.ts'
import type { Caller, RequestContext } from '../../kernel/caller.ts'
import { newSecret } from '../../kernel/secret.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'
import type { Access } from '../access.ts'
import { prepareAccount } from '../accounts/accounts.ts'
import { deleteAccount, insertAccount } from '../accounts/queries.ts'
import type { Door } from '../direct-door.ts'
import { stepAt, totpCode, unbase32 } from '../factors/totp.ts'
import { anonymous } from '../identify.ts'
import { SESSION_COOKIE } from '../sessions/cookies.ts'
import { FORM_HEADER, formToken } from '../sessions/form-token.ts'
import type { SessionToken } from '../sessions/sessions.ts'
import { insertMember } from '../workspaces/queries.ts'
import type { AccessSystem } from './observed-system.ts'
import { deleteStaleProbes, ensureProbeWorkspace, PROBE_WORKSPACE } from './queries.ts'

/** Where requests of a check come from. */
export const CHECK_ORIGIN = { ip: '127.0.0.1', userAgent: 'surety check' } as const

/** An account that a check made for itself; nobody can sign in to it from outside, its password is random. */
export interface ProbePerson {
  readonly id: string
  readonly email: string
  readonly password: string
}

/** A probe account with a second factor and a full session. */
export interface ProbeSession {
  readonly token: SessionToken
  readonly sessionId: string
  /** The code of the step after the one that enrolment spent. */
  nextCode(): string
  readonly recoveryCodes: readonly string[]
}

/** A password of a check: random, and good under every policy. */
export function probePassword(): string {
  return `Aa1-${newSecret(24)}`
}

/** An address that no mail reaches (RFC 2606). */
export function probeEmail(): string {
  return `probe-${newSecret(12).toLowerCase()}@check.invalid`
}

/** Runs `use` with a fresh probe account and removes it with everything that is its own, whatever happens. */
export async function withProbe<Result>(
  { parts }: AccessSystem,
  use: (person: ProbePerson) => Promise<Result>,
  role: WorkspaceRole = 'agent',
): Promise<Result> {
  const { db, clock } = parts
  const now = clock.now()
  await deleteStaleProbes(db, now)
  await ensureProbeWorkspace(db, now)
  const person = { email: probeEmail(), password: probePassword() }
  const account = await prepareAccount(parts, { ...person, name: 'Check', probe: true })
  await insertAccount(db, account)
  try {
    const member = { account_id: account.id, workspace_id: PROBE_WORKSPACE, role, created_at: now }
    await insertMember(db, member)
    return await use({ id: account.id, ...person })
  } finally {
    await deleteAccount(db, account.id)
  }
}

/** The context of a request that a check makes without a network. */
export function checkContext(
  { parts }: AccessSystem,
  caller: Caller = anonymous(CHECK_ORIGIN),
): RequestContext {
  return { requestId: newId(parts.clock), caller }
}

/** The context of whoever holds this session. */
export async function contextOfToken(
  system: AccessSystem,
  token: SessionToken,
  access: Access = system.access,
): Promise<RequestContext> {
  const request = new Request('https://localhost/', { headers: { cookie: `${SESSION_COOKIE}=${token}` } })
  return checkContext(system, await access.identify(request, CHECK_ORIGIN))
}

/** Takes a probe account through enrolment to a full session, as a person would go. */
export async function enrolProbe(system: AccessSystem, person: ProbePerson): Promise<ProbeSession> {
  const { access, parts } = system
  const begun = await access.signIn.begin(checkContext(system), person.id, PROBE_WORKSPACE)
  const context = await contextOfToken(system, begun.token)
  const offer = await access.factors.enrol(context, 'check')
  const secret = unbase32(offer.secret)
  const step = stepAt(parts.clock.now())
  const confirm = { factorId: offer.factorId, code: totpCode(secret, step), device: null }
  const done = await access.factors.confirmEnrolment(context, confirm)
  return {
    token: done.token,
    sessionId: context.caller.sessionId ?? '',
    nextCode: () => totpCode(secret, step + 1),
    recoveryCodes: done.recoveryCodes,
  }
}

/** Signs a probe account in as far as its password goes. */
export function tryPassword(
  system: AccessSystem,
  access: Access,
  person: { readonly email: string; readonly password: string },
) {
  const { email, password } = person
  return access.signIn.password(checkContext(system), { email, password, device: null })
}

/** Asks through the door with a session's cookie, as the console would. */
export function askWith(door: Door, token: SessionToken, path: string, method = 'GET'): Promise<Response> {
  if (method === 'POST') return sendWith(door, token, path, {})
  const headers = cookieHeaders(token)
  return door.request(path, method === 'GET' ? { headers } : { method, headers, body: '{}' })
}

/** Posts through the door with a session's cookie, as the console would. */
export function sendWith(door: Door, token: SessionToken, path: string, body: object): Promise<Response> {
  return postRaw(door, token, path, JSON.stringify(body))
}

/** The same with a body that may be no JSON. */
export function postRaw(door: Door, token: SessionToken, path: string, body: string): Promise<Response> {
  return door.request(path, { method: 'POST', headers: cookieHeaders(token), body })
}

function cookieHeaders(token: SessionToken): Record<string, string> {
  return {
    cookie: `${SESSION_COOKIE}=${token}`,
    [FORM_HEADER]: formToken(token),
    'content-type': 'application/json',
    'sec-fetch-site': 'same-origin',
    'user-agent': CHECK_ORIGIN.userAgent,
  }
}
