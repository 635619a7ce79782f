import type { Permission, StaffRole, WorkspaceRole } from './permission.ts'

/**
 * How sure the system is of who is asking: `password` has one factor right, `enrolling` may only set up a second
 * one, `full` has two. Policy 3.1-0.
 */
export type AssuranceLevel = 'none' | 'password' | 'enrolling' | 'full'

/** Who is asking, as the front door established it; handlers trust it. */
export interface Caller {
  readonly kind: 'anonymous' | 'account' | 'api-key' | 'service' | 'operator'
  /** Account or key id; empty for an anonymous caller. */
  readonly id: string
  readonly level: AssuranceLevel
  readonly sessionId: string | null
  /** The workspace the caller acts in now, if any. */
  readonly workspaceId: string | null
  readonly workspaceRole: WorkspaceRole | null
  readonly staffRole: StaffRole | null
  /** What the roles, cut by an API key's scopes, allow. */
  readonly permissions: ReadonlySet<Permission>
  /** Where the request came from; personal data, encrypted when stored. */
  readonly ip: string
  readonly userAgent: string
}

/** A caller who has no session, no workspace and no role: a stranger, or a program of this machine. */
function callerWithoutSession(
  known: Pick<Caller, 'kind' | 'id' | 'level' | 'permissions' | 'ip' | 'userAgent'>,
): Caller {
  return { ...known, sessionId: null, workspaceId: null, workspaceRole: null, staffRole: null }
}

/** A caller of whom nothing is known but where the request came from; may do nothing unless told. */
export function stranger(
  { ip, userAgent }: Pick<Caller, 'ip' | 'userAgent'>,
  permissions: ReadonlySet<Permission> = new Set(),
): Caller {
  return callerWithoutSession({ kind: 'anonymous', id: '', level: 'none', permissions, ip, userAgent })
}

/** A program of this machine that acts by itself, without a request from outside. */
export function localProgram(
  kind: 'service' | 'operator',
  id: string,
  permissions: ReadonlySet<Permission> = new Set(),
  { ip, userAgent }: Pick<Caller, 'ip' | 'userAgent'> = { ip: '', userAgent: '' },
): Caller {
  return callerWithoutSession({ kind, id, level: 'full', permissions, ip, userAgent })
}

/** What a request's life is known by in the log, in refusals and in the audit log. */
export interface RequestContext {
  readonly requestId: string
  readonly caller: Caller
}
