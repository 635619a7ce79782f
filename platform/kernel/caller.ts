import type { StaffRole, WorkspaceRole } from './permission.ts'
import type { PermissionSet } from './permission-set.ts'

/**
 * How sure the system is of who is asking: `password` has one factor right, `enrolling` may only set up a second
 * one, `full` has two. `renewing` has two as well and may only choose another password, because the present one is
 * known from a breach. Policy 3.1-0, 3.3-c.
 */
export type AssuranceLevel = 'none' | 'password' | 'enrolling' | 'renewing' | 'full'

/**
 * What a session was proved with; a passkey is `webauthn` and, if it asked for its PIN or biometric,
 * `user-verification`. A `link` came by letter in place of a forgotten password.
 */
export type FactorKind =
  | 'password'
  | 'totp'
  | 'sms'
  | 'webauthn'
  | 'user-verification'
  | 'recovery-code'
  | 'upstream'
  | 'link'
  | 'upstream-second'

/** Who is asking, as the front door established it; handlers trust it. */
export interface Caller {
  readonly kind: 'anonymous' | 'account' | 'api-key' | 'client' | 'directory' | 'service' | 'operator'
  /**
   * Account, key or client id; empty for an anonymous caller. A `client` acts by an OAuth 2.0 token of its own, a
   * `directory` is a personnel or identity system that provisions people.
   */
  readonly id: string
  readonly level: AssuranceLevel
  /** What the session was proved with; empty for callers without one. */
  readonly factors: readonly FactorKind[]
  /** When the session last proved a second factor; null for callers without one. */
  readonly provedAt: Date | null
  /** The account in whose name an OAuth 2.0 client acts, if any. */
  readonly onBehalfOf: string | null
  readonly sessionId: string | null
  /** The workspace the caller acts in now, if any. */
  readonly workspaceId: string | null
  readonly workspaceRole: WorkspaceRole | null
  readonly staffRole: StaffRole | null
  /** What roles and elevations, cut by scopes, allow at the moment of asking. */
  readonly permissions: PermissionSet
  /** Elevations that count now; whatever is done is recorded with them. Policy 3.2-d. */
  readonly elevations?: readonly string[]
  /** Where the request came from; personal data, encrypted when stored. */
  readonly ip: string
  readonly userAgent: string
}

/** A caller who has no session, no workspace and no role: a stranger, or a program of this machine. */
function callerWithoutSession(
  known: Pick<Caller, 'kind' | 'id' | 'level' | 'permissions' | 'ip' | 'userAgent'>,
): Caller {
  return {
    ...known,
    factors: [],
    provedAt: null,
    onBehalfOf: null,
    sessionId: null,
    workspaceId: null,
    workspaceRole: null,
    staffRole: null,
  }
}

/** A caller of whom nothing is known but where the request came from; may do nothing unless told. */
export function stranger(
  { ip, userAgent }: Pick<Caller, 'ip' | 'userAgent'>,
  permissions: PermissionSet = new Set(),
): Caller {
  return callerWithoutSession({ kind: 'anonymous', id: '', level: 'none', permissions, ip, userAgent })
}

/** A program of this machine that acts by itself, without a request from outside. */
export function localProgram(
  kind: 'service' | 'operator',
  id: string,
  permissions: PermissionSet = new Set(),
  { ip, userAgent }: Pick<Caller, 'ip' | 'userAgent'> = { ip: '', userAgent: '' },
): Caller {
  return callerWithoutSession({ kind, id, level: 'full', permissions, ip, userAgent })
}

/** What a request's life is known by in the log, in refusals and in the audit log. */
export interface RequestContext {
  readonly requestId: string
  readonly caller: Caller
}
