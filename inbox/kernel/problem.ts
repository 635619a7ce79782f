import { SuretyError } from '#client'

/** Every refusal that may cross the border, with the HTTP status it becomes (RFC 9110) and its title. */
const PROBLEMS = {
  'request.malformed': [400, 'The request is not well formed'],
  'request.invalid': [422, 'The request does not fit the schema'],
  'request.too-large': [413, 'The request is too large'],
  'request.too-many': [429, 'Too many requests'],
  'request.cross-site': [403, 'The request came from another site'],
  'resource.unknown': [404, 'There is nothing here'],
  'resource.conflict': [409, 'The request contradicts the present state'],
  'access.unauthenticated': [401, 'Sign in first'],
  'access.denied': [403, 'Your role does not allow this'],
  'gate.refused': [409, 'The message may not be sent'],
  'hook.unsigned': [401, 'The delivery is not signed by the provider'],
  'hook.refused': [403, 'The delivery is not for this channel'],
  'visitor.unknown': [401, 'The chat session has ended'],
  'platform.unavailable': [503, 'The security platform does not answer; try again shortly'],
  'database.unavailable': [503, 'The database does not answer; try again shortly'],
  'service.starting': [503, 'The service is not ready yet'],
} as const satisfies Record<string, readonly [number, string]>

/** The stable name of a refusal; clients may switch on it. */
export type ProblemCode = keyof typeof PROBLEMS

/** An expected refusal: `detail` is safe to show, `more` is added to what the client is told. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly detail: string
  readonly more: Readonly<Record<string, string>>

  constructor(code: ProblemCode, detail: string, more: Readonly<Record<string, string>> = {}) {
    super(`${code}: ${detail}`)
    this.name = 'Problem'
    this.code = code
    this.detail = detail
    this.more = more
  }
}

/** What a client is told (RFC 9457 problem details plus our stable code and the request's id). */
export interface ProblemReply {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly requestId: string
}

/** Turns anything thrown into what the client may see; an unexpected error shows nothing but its request id. */
export function problemReply(error: unknown, requestId: string): ProblemReply {
  const known = expected(error)
  if (known !== null) {
    const [status, title] = PROBLEMS[known.code]
    return { status, code: known.code, title, detail: known.detail, requestId, ...known.more }
  }
  const detail = 'The request failed on our side. The request id names it in our log.'
  return { status: 500, code: 'server.error', title: 'Something went wrong', detail, requestId }
}

function expected(error: unknown): Problem | null {
  if (error instanceof Problem) return error
  if (error instanceof SuretyError)
    return error.code.startsWith('identity-')
      ? new Problem('access.unauthenticated', 'The request carries no valid identity of the gateway.')
      : new Problem('platform.unavailable', 'Nothing was changed; the same request will work later.')
  if (isDatabaseAway(error))
    return new Problem('database.unavailable', 'Nothing was changed; the same request will work later.')
  return null
}

/** Whether the same work may succeed later: Surety, which has the keys, does not answer now. */
export function isSuretyAway(error: unknown): boolean {
  return error instanceof SuretyError && error.passing
}

/** SQLSTATE of a lost or refused connection, a stopping or closed server and a full disk. */
const AWAY = /^(?:08...|57P0.|53...|55000|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT)$/

/** Whether an error says that the database cannot be used now, as opposed to a wrong statement. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && AWAY.test(String(error.code))) return true
  return /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
    error.message,
  )
}
