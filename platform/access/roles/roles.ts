import type { AssuranceLevel, Caller } from '../../kernel/caller.ts'
import type { Permission, StaffRole, WorkspaceRole } from '../../kernel/permission.ts'
import { Problem, type ProblemCode } from '../../kernel/problem.ts'

/** What anybody may do: look at open pages and sign in. */
const ANYBODY = ['public', 'self.sign-in'] as const satisfies Permission[]
/** What every account may do once it is signed in with two factors. */
const EVERY_ACCOUNT = ['self.account', 'workspace.switch'] as const satisfies Permission[]

/** The one table of what a job in a workspace allows; there are no wildcards. Policy 3.2-0. */
export const WORKSPACE_ROLES: Readonly<Record<WorkspaceRole, readonly Permission[]>> = {
  owner: [
    'conversation.read',
    'conversation.reply',
    'rule.read',
    'rule.edit',
    'channel.read',
    'channel.edit',
    'people.read',
    'people.edit',
    'api-key.read',
    'api-key.edit',
    'audit.read',
    'policy.read',
    'review.read',
    'review.decide',
  ],
  admin: [
    'conversation.read',
    'rule.read',
    'rule.edit',
    'channel.read',
    'channel.edit',
    'people.read',
    'people.edit',
    'api-key.read',
    'api-key.edit',
    'audit.read',
    'policy.read',
    'review.read',
    'review.decide',
  ],
  agent: ['conversation.read', 'conversation.reply', 'rule.read', 'channel.read', 'people.read'],
  auditor: [
    'rule.read',
    'channel.read',
    'people.read',
    'api-key.read',
    'audit.read',
    'policy.read',
    'review.read',
  ],
}

/** The same for the provider's staff: who gives roles cannot publish, who publishes cannot give roles. */
export const STAFF_ROLES: Readonly<Record<StaffRole, readonly Permission[]>> = {
  administrator: ['platform.staff', 'policy.read', 'policy.check', 'review.read', 'review.decide'],
  'security-officer': [
    'platform.staff',
    'policy.read',
    'policy.check',
    'attestation.edit',
    'platform.audit',
    'review.read',
    'review.decide',
  ],
  'staff-auditor': ['platform.staff', 'policy.read', 'platform.audit', 'review.read'],
}

/** What an API key can be given: work with the data of one workspace, never with people, keys or accounts. */
export const KEY_SCOPES = [
  'conversation.read',
  'conversation.reply',
  'rule.read',
  'rule.edit',
  'channel.read',
  'channel.edit',
  'people.read',
  'audit.read',
  'policy.read',
] as const satisfies readonly Permission[]

/** Whether somebody with this role may give (or take) another one: only an owner makes an owner. Policy 3.2-0. */
export function mayGiveRole(own: WorkspaceRole | undefined, role: WorkspaceRole): boolean {
  return own === 'owner' || (own === 'admin' && role !== 'owner')
}

const ANYBODY_SET: ReadonlySet<Permission> = new Set<Permission>(ANYBODY)
const compiled = new Map<string, ReadonlySet<Permission>>()

/** What a fully signed-in account may do in these roles; each combination is put together once. */
export function permissionsOf(
  workspaceRole: WorkspaceRole | null,
  staffRole: StaffRole | null,
): ReadonlySet<Permission> {
  const name = `${workspaceRole}/${staffRole}`
  const known = compiled.get(name)
  if (known !== undefined) return known
  const made = new Set<Permission>([
    ...ANYBODY,
    ...EVERY_ACCOUNT,
    ...(workspaceRole === null ? [] : WORKSPACE_ROLES[workspaceRole]),
    ...(staffRole === null ? [] : STAFF_ROLES[staffRole]),
  ])
  compiled.set(name, made)
  return made
}

/** What a caller without two factors may do. Policy 3.1-0. */
export function permissionsBelowFull(): ReadonlySet<Permission> {
  return ANYBODY_SET
}

/** What an API key may do: its scopes, as far as its maker still holds them. */
export function permissionsOfKey(
  scopes: readonly string[],
  makerRole: WorkspaceRole,
): ReadonlySet<Permission> {
  const given = KEY_SCOPES.filter((scope) => scopes.includes(scope))
  return new Set<Permission>(['public', ...given.filter((one) => WORKSPACE_ROLES[makerRole].includes(one))])
}

/** The answer to a question of access; `why` is safe to show. */
export type Decision =
  | { readonly allow: true }
  | { readonly allow: false; readonly why: string; readonly code: ProblemCode }

/** `password` and `enrolling` are two branches: neither stands in for the other. */
function reaches(have: AssuranceLevel, need: AssuranceLevel): boolean {
  return need === 'none' || have === need || have === 'full'
}

/**
 * The one decision of who may do what; everything that is not allowed here is refused. Below two factors nothing is
 * reached but signing in, whatever permissions the caller claims to hold. Policy 3.1-0, 3.2-0.
 */
export function decide(
  caller: Pick<Caller, 'kind' | 'level' | 'permissions'>,
  permission: Permission,
  level: AssuranceLevel,
): Decision {
  const open = ANYBODY_SET.has(permission)
  if (!reaches(caller.level, level) || (caller.level !== 'full' && !open)) {
    return caller.level === 'none'
      ? { allow: false, why: 'Sign in first.', code: 'access.unauthenticated' }
      : { allow: false, why: 'Finish signing in with a second factor first.', code: 'access.factor-needed' }
  }
  if (!caller.permissions.has(permission))
    return { allow: false, why: `This needs the permission ${permission}.`, code: 'access.denied' }
  return { allow: true }
}

/** Throws what `decide` refused. */
export function requireAllowed(decision: Decision): void {
  if (!decision.allow) throw new Problem(decision.code, decision.why)
}
