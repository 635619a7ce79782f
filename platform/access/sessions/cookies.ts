import { Problem } from '../../kernel/problem.ts'
import { asSecret } from '../../kernel/secret.ts'
import type { DeviceToken } from '../sign-in/device.ts'
import { FORM_COOKIE, FORM_HEADER, formToken, isFormToken } from './form-token.ts'
import type { SessionToken } from './sessions.ts'

/** The session's cookie; the prefix makes browsers insist on Secure, Path=/ and no Domain. */
export const SESSION_COOKIE = '__Host-surety'
/** The cookie of a device that its owner signed in on before. */
const DEVICE_COOKIE = '__Host-surety-device'
/** A device that is not used for half a year is forgotten. */
export const DEVICE_SECONDS = 180 * 24 * 60 * 60

const SHAPE = /^[A-Za-z0-9_-]{43}$/

/** The value of one cookie; null when missing or of another shape. The same cookie twice is refused. */
export function readCookie(request: Request, name: string): string | null {
  const header = request.headers.get('cookie') ?? ''
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  if (values.length > 1) throw new Problem('request.malformed', `The cookie ${name} was sent more than once.`)
  const [value = ''] = values
  return SHAPE.test(value) ? value : null
}

/** The session token of a request. */
export function sessionToken(request: Request): SessionToken | null {
  const value = readCookie(request, SESSION_COOKIE)
  return value === null ? null : asSecret(value)
}

/** The device token of a request. */
export function deviceToken(request: Request): DeviceToken | null {
  const value = readCookie(request, DEVICE_COOKIE)
  return value === null ? null : asSecret(value)
}

const ATTRIBUTES = 'Path=/; HttpOnly; Secure; SameSite=Strict'

/** What the page itself reads, to send it back in a header. */
const READABLE = 'Path=/; Secure; SameSite=Strict'

/** The `Set-Cookie` value of the proof that a page of this session shows. */
function formCookie(token: SessionToken): string {
  return `${FORM_COOKIE}=${formToken(token)}; ${READABLE}`
}

/** The `Set-Cookie` values of a session and of its pages' proof; without a lifetime, the server alone decides how long it lasts. */
export function sessionCookie(token: SessionToken): readonly string[] {
  return [`${SESSION_COOKIE}=${token}; ${ATTRIBUTES}`, formCookie(token)]
}

/** Whether a page of the session made this request. Policy 5.3-b. */
export function provesForm(request: Request): boolean {
  const token = sessionToken(request)
  return token !== null && isFormToken(request.headers.get(FORM_HEADER), token)
}

/** The `Set-Cookie` value of a proof that the page of this session lacks; null when it has the right one. */
export function missingFormCookie(request: Request): string | null {
  const token = sessionToken(request)
  if (token === null || isFormToken(readCookie(request, FORM_COOKIE), token)) return null
  return formCookie(token)
}

/** The `Set-Cookie` value of a recognised device. */
export function deviceCookie(token: DeviceToken): string {
  return `${DEVICE_COOKIE}=${token}; Max-Age=${DEVICE_SECONDS}; ${ATTRIBUTES}`
}

/** The `Set-Cookie` values that remove the session's cookies. */
export function noSessionCookie(): readonly string[] {
  return [`${SESSION_COOKIE}=; Max-Age=0; ${ATTRIBUTES}`, `${FORM_COOKIE}=; Max-Age=0; ${READABLE}`]
}

/** A JSON reply with cookies. */
export function replyWithCookies(body: unknown, cookies: readonly (string | readonly string[])[]): Response {
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  for (const cookie of cookies.flat()) headers.append('set-cookie', cookie)
  return new Response(JSON.stringify(body), { headers })
}

/** How a page of a session shows that it made a request, for whoever checks the door. */
export const formProof = {
  cookie: SESSION_COOKIE,
  header: FORM_HEADER,
  of: formToken,
  proves: provesForm,
} as const
