const reasons = {
  'identity-missing': 'the request carries no identity',
  'identity-invalid': 'the identity was not issued by the gateway for this service',
  'identity-expired': 'the identity has expired',
  unreachable: 'Surety does not answer on its service socket',
  timeout: 'Surety took too long to answer',
  refused: 'Surety refused the request',
  malformed: 'Surety answered in a form that this client does not know',
  'keys-unusable': 'the released keys cannot be used',
  'key-expired': 'the key of this data is past its age and seals nothing more',
} as const satisfies Record<string, string>

/** The stable name of what went wrong; a program may switch on it. */
export type SuretyErrorCode = keyof typeof reasons

/** Every failure of this client; it carries no token, key or personal data. */
export class SuretyError extends Error {
  override readonly name = 'SuretyError'
  readonly code: SuretyErrorCode
  /** HTTP status of a refusal, else null. */
  readonly status: number | null
  /** Stable code that Surety gave with a refusal, else null. */
  readonly problem: string | null

  constructor(
    code: SuretyErrorCode,
    more: { readonly status?: number; readonly problem?: string | null; readonly cause?: unknown } = {},
  ) {
    super(reasons[code], more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.status = more.status ?? null
    this.problem = more.problem ?? null
  }

  /** Whether the same call may succeed later without anything being changed. */
  get passing(): boolean {
    return this.code === 'unreachable' || this.code === 'timeout' || (this.status ?? 0) >= 500
  }
}
