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

/** What a request's life is known by in the log, in refusals and in the audit log. */
export interface RequestContext {
  readonly requestId: string
  readonly caller: Caller
}
