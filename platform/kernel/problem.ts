/** Every refusal that may cross a module's border, with the HTTP status it becomes (RFC 9110) and its title. */
const PROBLEMS = {
  'request.malformed': [400, 'The request is not well formed'],
  'request.invalid': [422, 'The request does not fit the schema'],
  'request.too-large': [413, 'The request is too large'],
  'request.too-many': [429, 'Too many requests'],
  'request.cross-site': [403, 'The request came from another site'],
  'request.method': [405, 'This method is not offered here'],
  'request.misdirected': [421, 'This host is not served here'],
  'request.expectation': [417, 'Only 100-continue can be expected'],
  'request.timeout': [408, 'The request took too long to arrive'],
  'request.header-too-large': [431, 'The headers of the request are too large'],
  'server.unsupervised': [409, 'This process stands alone'],
  'resource.unknown': [404, 'There is nothing here'],
  'resource.conflict': [409, 'The request contradicts the present state'],
  'access.unauthenticated': [401, 'Sign in first'],
  'access.factor-needed': [401, 'A second factor is needed first'],
  'access.denied': [403, 'Your role does not allow this'],
  'access.step-up-needed': [401, 'A second factor must be proved again'],
  'access.refused': [401, 'E-mail, password or code is not right'],
  'access.code-refused': [401, 'The code is not right'],
  'access.key-refused': [401, 'The security key was not accepted'],
  'access.link-expired': [410, 'This link is used up or expired'],
  'access.password-weak': [422, 'The password does not meet the policy'],
  'access.password-breached': [422, 'The password is known from a breach'],
  'access.password-renewal': [401, 'Choose another password first'],
  'access.busy': [503, 'Too many people sign in at this moment'],
  'access.upstream-refused': [401, 'The sign-in of the other side could not be used'],
  'access.upstream-unusable': [422, 'The identity provider cannot be used'],
  'access.last-factor': [409, 'The last second factor cannot be removed'],
  'access.last-owner': [409, 'The last owner cannot be removed'],
  'access.not-eligible': [403, 'Your role cannot be given this'],
  'access.own-request': [403, 'Nobody decides about themselves'],
  'access.too-late': [409, 'This was decided or has ended'],
  'access.duties-apart': [409, 'These duties are kept apart'],
  'access.outside-map': [409, 'The role is not for this kind of work'],
  'session.expired': [401, 'The session has ended'],
  'policy.malformed': [422, 'The policy text does not compile'],
  'policy.unchanged': [409, 'The policy text is the one in force'],
  'policy.unsigned': [409, 'The policy version has no valid signature'],
  'encryption.unreadable': [500, 'Stored data could not be authenticated'],
  'encryption.key-missing': [503, 'The key for this data is not available'],
  'encryption.key-current': [409, 'The key is in use'],
  'encryption.key-expired': [503, 'The key is too old to seal with'],
  'encryption.algorithm': [503, 'The policy names an algorithm that is not offered'],
  'encryption.root-disabled': [503, 'The root key cannot be used'],
  'encryption.root-unreachable': [503, 'The root key cannot be reached'],
  'audit.unavailable': [503, 'The audit log cannot be written; nothing was changed'],
  'recovery.unreadable': [422, 'The backup cannot be read'],
  'recovery.unwritable': [503, 'The backup cannot be written'],
  'recovery.key-shared': [409, 'The backup key is not a key of its own'],
  'recovery.unsupported': [409, 'The database server does not offer this'],
  'recovery.unavailable': [503, 'The database server gives no backup'],
  'recovery.paused': [409, 'Backups are paused'],
  'recovery.not-empty': [409, 'A backup is restored into an empty place only'],
  'recovery.target': [422, 'This moment cannot be restored'],
  'recovery.no-key': [409, 'The recovery identity is not here'],
  'firewall.unusable': [422, 'These rules cannot be used'],
  'firewall.unavailable': [503, 'The rules cannot be fetched'],
  'firewall.blocked': [403, 'The firewall stopped this'],
  'firewall.busy': [503, 'Too much is on its way at this moment'],
  'firewall.failed': [503, 'The firewall could not look at this'],
  'client.blocked': [403, 'Requests from here are not served'],
  'block.own': [409, 'Nobody turns themselves away'],
  'limits.unavailable': [503, 'Requests cannot be counted at the moment'],
  'upstream.unavailable': [502, 'The protected service does not answer'],
  'upstream.timeout': [504, 'The protected service took too long'],
  'service.starting': [503, 'The service is not ready yet'],
  'database.unavailable': [503, 'The database does not answer; try again shortly'],
  'contact.missing': [503, 'No security contact is configured'],
} as const satisfies Record<string, readonly [number, string]>

/** Every code that a refusal can have, and that of a failure. */
export const PROBLEM_CODES: readonly string[] = [...Object.keys(PROBLEMS), 'server.error']

/** The stable name of a refusal; clients may switch on it. */
export type ProblemCode = keyof typeof PROBLEMS

/** An expected refusal: `detail` is safe to show, `cause` is for the log only. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly detail: string
  readonly retryAfterSeconds: number | undefined

  constructor(code: ProblemCode, detail: string, more: { cause?: unknown; retryAfterSeconds?: number } = {}) {
    super(`${code}: ${detail}`, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'Problem'
    this.code = code
    this.detail = detail
    this.retryAfterSeconds = more.retryAfterSeconds
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
  if (error instanceof Problem) {
    const [status, title] = PROBLEMS[error.code]
    return { status, code: error.code, title, detail: error.detail, requestId }
  }
  if (isDatabaseAway(error))
    return problemReply(new Problem('database.unavailable', 'The same request will work later.'), requestId)
  const detail = 'The request failed on our side. The request id names it in our log.'
  return { status: 500, code: 'server.error', title: 'Something went wrong', detail, requestId }
}

/** SQLSTATE of a lost or refused connection, of a server that starts or stops, and of one that has no room to write. */
const AWAY = /^(?:08...|57P0.|53...|55000|58030|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/
/** What the driver says of connections that end without a code. */
const CUT =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

/** Whether an error says that the database cannot be used now, as opposed to a wrong statement. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code !== undefined && AWAY.test(code)) return true
  // A socket that is not there; any other missing file is another fault.
  return (code === 'ENOENT' && syscall === 'connect') || CUT.test(error.message)
}

/** The HTTP status of a refusal. */
export function problemStatus(code: ProblemCode): number {
  return PROBLEMS[code][0]
}
