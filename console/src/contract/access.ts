import type { Permission, WorkspaceRole } from '../../../platform/kernel/permission.ts'
import type { ById, Done, RouteShape } from './route-shape.ts'

/** What has to follow the password. */
export interface NextStep {
  readonly next: 'totp' | 'enrol' | 'done'
}

/** A workspace that the account belongs to. */
export interface Membership {
  readonly id: string
  readonly name: string
  readonly role: WorkspaceRole
  readonly sample: boolean
}

/** The person who is signed in. */
export interface Me {
  readonly account: { readonly id: string; readonly name: string; readonly email: string }
  readonly level: 'password' | 'enrolling' | 'full'
  readonly workspace: Membership | null
  readonly workspaces: readonly Membership[]
  readonly staffRole: string | null
  readonly permissions: readonly Permission[]
}

/** An active session of the account. Policy 3.4-c. */
export interface SessionRow {
  readonly id: string
  readonly current: boolean
  readonly device: string
  readonly ip: string
  readonly createdAt: string
  readonly lastSeenAt: string
  readonly expiresAt: string
}

/** A second factor of the account. */
export interface Factor {
  readonly id: string
  readonly kind: 'totp'
  readonly createdAt: string
  readonly lastUsedAt: string | null
}

/** The password rules in force. Policy 3.3-a. */
export interface PasswordRules {
  readonly lengthMin: number
  readonly classesMin: number
}

/** A person of the workspace, or one who is invited. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: WorkspaceRole
  readonly state: 'active' | 'invited' | 'locked'
  readonly factors: number
  readonly lastSeenAt: string | null
}

/** An API key, without its secret. */
export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly scopes: readonly Permission[]
  readonly createdAt: string
  readonly expiresAt: string
  readonly lastUsedAt: string | null
}

/** Who is signed in, how, and with whom. */
export interface AccessApi {
  'GET /api/access/password-rules': RouteShape<PasswordRules>
  'POST /api/access/welcome': RouteShape<
    NextStep,
    { token: string; email: string; name: string; password: string; workspaceName: string }
  >
  'POST /api/access/sign-in': RouteShape<NextStep, { email: string; password: string }>
  'POST /api/access/totp': RouteShape<NextStep, { code: string }>
  'POST /api/access/recovery-code': RouteShape<NextStep, { code: string }>
  'POST /api/access/enrol': RouteShape<{ readonly secret: string; readonly uri: string }>
  'POST /api/access/enrol/confirm': RouteShape<
    { readonly recoveryCodes: readonly string[] },
    { code: string }
  >
  'GET /api/access/me': RouteShape<Me>
  'POST /api/access/sign-out': RouteShape<Done>
  'POST /api/access/workspace': RouteShape<Done, { workspaceId: string }>
  'GET /api/access/sessions': RouteShape<{ readonly sessions: readonly SessionRow[] }>
  'POST /api/access/sessions/:id/revoke': RouteShape<Done, Record<string, never>, ById>
  'POST /api/access/sessions/revoke-others': RouteShape<{ readonly revoked: number }>
  'GET /api/access/factors': RouteShape<{
    readonly factors: readonly Factor[]
    readonly recoveryCodesLeft: number
  }>
  'POST /api/access/recovery-codes': RouteShape<
    { readonly recoveryCodes: readonly string[] },
    { code: string }
  >
  'POST /api/access/password': RouteShape<Done, { current: string; next: string }>
  'GET /api/people': RouteShape<{ readonly people: readonly Person[] }>
  'POST /api/people/invite': RouteShape<
    { readonly link: string; readonly expiresAt: string },
    { email: string; role: WorkspaceRole }
  >
  'POST /api/people/:id/role': RouteShape<Done, { role: WorkspaceRole }, ById>
  'POST /api/people/:id/remove': RouteShape<Done, Record<string, never>, ById>
  'GET /api/api-keys': RouteShape<{ readonly keys: readonly ApiKey[] }>
  'POST /api/api-keys': RouteShape<
    { readonly id: string; readonly secret: string },
    { name: string; scopes: readonly Permission[]; days: number }
  >
  'POST /api/api-keys/:id/revoke': RouteShape<Done, Record<string, never>, ById>
}
