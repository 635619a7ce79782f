import type { Clock } from '../../kernel/clock.ts'
import type { BuiltInRole, StaffRole, WorkspaceRole } from '../../kernel/permission.ts'
import {
  bitsOf,
  bothOf,
  eitherOf,
  permissionSet,
  timedPermissionSet,
  type HeldBits,
  type PermissionBits,
  type PermissionSet,
} from '../../kernel/permission-set.ts'
import { ANYBODY, EVERY_ACCOUNT, KEY_SCOPES, STAFF_ROLES, WORKSPACE_ROLES } from './role-table.ts'

/** Permissions that an account holds until a moment, as the rows of elevations say. */
export interface Elevated {
  readonly permissions: readonly string[]
  readonly expires_at: Date
}

/** What rights are put together from, as the rows say. */
export interface Holding {
  readonly workspaceRole: WorkspaceRole | null
  /** What a workspace's own role allows; null for the roles that are built in. */
  readonly rolePermissions?: readonly string[] | null
  /** When the role ends, if it was given by an exception. */
  readonly roleUntil?: Date | null
  readonly staffRole: StaffRole | null
  readonly elevations?: readonly Elevated[]
  /**
   * The scopes of an API key or an OAuth 2.0 token: what it allows is its scopes, as far as a program can have them and
   * whoever made it holds them now.
   */
  readonly scopes?: readonly string[]
}

const ANYBODY_BITS = bitsOf(ANYBODY)
const ANYBODY_SET = permissionSet(ANYBODY_BITS)
const ACCOUNT_BITS = bitsOf([...ANYBODY, ...EVERY_ACCOUNT])
const PUBLIC_BITS = bitsOf(['public'])
const PROGRAM_BITS = bitsOf(KEY_SCOPES)
const NOTHING = bitsOf([])

/** What a role gives at most to a workspace's own role: what an owner holds; nothing of the provider's. Policy 3.2-a. */
export const WORKSPACE_BITS = bitsOf(WORKSPACE_ROLES.owner)

const builtIn = compiled(WORKSPACE_ROLES)
const ofStaff = compiled(STAFF_ROLES)

function compiled(roles: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, PermissionBits> {
  return new Map(Object.entries(roles).map(([name, permissions]) => [name, bitsOf(permissions)]))
}

/** What a role of a workspace allows; a workspace's own role never more than an owner holds. */
export function bitsOfRole(role: WorkspaceRole | null, own: readonly string[] | null = null): PermissionBits {
  if (role === null) return NOTHING
  return builtIn.get(role) ?? bothOf(bitsOf(own ?? []), WORKSPACE_BITS)
}

/** What a role of the provider's staff allows. */
export function bitsOfStaffRole(role: StaffRole | null): PermissionBits {
  return role === null ? NOTHING : (ofStaff.get(role) ?? NOTHING)
}

const standing = new Map<string, PermissionSet>()

/**
 * What an account, a key or a token allows: built-in or own role, staff role and elevations, cut by scopes. Whatever
 * ends at a moment is compared with the clock at every question, so that the answer is right however long it is kept.
 * Policy 3.2-a, 3.2-d.
 */
export function rightsOf(holding: Holding, clock: Pick<Clock, 'now'>): PermissionSet {
  const { workspaceRole, rolePermissions = null, roleUntil = null, staffRole, elevations = [] } = holding
  const { scopes } = holding
  const plain = roleUntil === null && elevations.length === 0
  if (plain && rolePermissions === null && scopes === undefined)
    return standingRights(workspaceRole as BuiltInRole | null, staffRole)
  const parts: HeldBits[] = [
    { bits: eitherOf(ACCOUNT_BITS, bitsOfStaffRole(staffRole)), until: null },
    { bits: bitsOfRole(workspaceRole, rolePermissions), until: roleUntil?.getTime() ?? null },
    ...elevations.map((one) => ({ bits: bitsOf(one.permissions), until: one.expires_at.getTime() })),
  ]
  if (scopes === undefined) return setOf(parts, clock)
  const cut = bothOf(bitsOf(scopes), PROGRAM_BITS)
  const within = parts.map(({ bits, until }) => ({ bits: bothOf(bits, cut), until }))
  return setOf([{ bits: PUBLIC_BITS, until: null }, ...within], clock)
}

function setOf(parts: readonly HeldBits[], clock: Pick<Clock, 'now'>): PermissionSet {
  return parts.every(({ until }) => until === null)
    ? permissionSet(eitherOf(...parts.map(({ bits }) => bits)))
    : timedPermissionSet(parts, () => clock.now())
}

/** Each combination of built-in roles is put together once. */
function standingRights(workspaceRole: BuiltInRole | null, staffRole: StaffRole | null): PermissionSet {
  const name = `${workspaceRole}/${staffRole}`
  const known = standing.get(name)
  if (known !== undefined) return known
  const bits = eitherOf(ACCOUNT_BITS, bitsOfRole(workspaceRole), bitsOfStaffRole(staffRole))
  const made = permissionSet(bits)
  // A workspace's own role without its permissions allows nothing and is not kept.
  if (workspaceRole === null || builtIn.has(workspaceRole)) standing.set(name, made)
  return made
}

/** What a caller without two factors may do. Policy 3.1-0. */
export function permissionsBelowFull(): PermissionSet {
  return ANYBODY_SET
}

/** What a fully signed-in account may do in these built-in roles, without exceptions and elevations. */
export function permissionsOf(workspaceRole: BuiltInRole | null, staffRole: StaffRole | null): PermissionSet {
  return standingRights(workspaceRole, staffRole)
}
