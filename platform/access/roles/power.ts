import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'
import { bothOf, holds, type PermissionBits } from '../../kernel/permission-set.ts'
import { Problem } from '../../kernel/problem.ts'
import { lockWorkspace } from '../people/queries.ts'
import { mappedRole } from './map-of-jobs.ts'
import { heldRole, type HeldRole } from './queries.ts'
import { bitsOfRole } from './rights.ts'

/** A role with what it allows, if it is a workspace's own. */
export interface NamedRole {
  readonly role: WorkspaceRole
  readonly permissions: readonly string[] | null
}

/** Whether a role that somebody holds counts at `now`. */
export function counts(held: HeldRole | undefined, now: Date): held is HeldRole {
  return held !== undefined && held.suspendedAt === null && (held.until === null || now < held.until)
}

/** Whether `part` holds nothing that `whole` does not. */
export function isWithin(part: PermissionBits, whole: PermissionBits): boolean {
  return bothOf(part, whole).every((word, at) => word === part[at])
}

/**
 * Whether somebody may give (or take) a role: an owner every one, an administrator every one but an owner's, and who
 * may change people by a workspace's own role those alone that allow no more than that. Policy 3.2-a.
 */
export function mayGiveRole(held: HeldRole | undefined, role: NamedRole, now: Date): boolean {
  if (!counts(held, now)) return false
  if (held.role === 'owner') return true
  if (role.role === 'owner') return false
  if (held.role === 'admin') return true
  const own = bitsOfRole(held.role, held.permissions)
  return holds(own, 'people.edit') && isWithin(bitsOfRole(role.role, role.permissions), own)
}

/**
 * Whether somebody may let a program give and take roles: a directory or personnel system gives every role but an
 * owner's, so only who may do that by hand connects one. Policy 3.2-a.
 */
export function mayProvision(held: HeldRole | undefined, now: Date): held is HeldRole {
  return mayGiveRole(held, { role: 'admin', permissions: null }, now)
}

/**
 * Holds the workspace, reads the roles of both afresh and refuses whoever may not give the next role or take the
 * present one; returns the present role. Throws `access.denied`, `resource.unknown`. Policy 3.2-a.
 */
export async function requirePower(
  tx: Database,
  { caller }: RequestContext,
  workspace: string,
  over: { readonly account?: string; readonly next: string | null },
  now: Date,
): Promise<HeldRole | undefined> {
  if (!(await lockWorkspace(tx, workspace)))
    throw new Problem('resource.unknown', 'The workspace was removed.')
  const own = await heldRole(tx, workspace, caller.id)
  const present = over.account === undefined ? undefined : await heldRole(tx, workspace, over.account)
  const next = over.next === null ? undefined : await mappedRole(tx, workspace, over.next)
  const plain: NamedRole = { role: 'agent', permissions: [] }
  const concerned = [present, next].filter((one) => one !== undefined)
  for (const one of concerned.length === 0 ? [plain] : concerned)
    if (!mayGiveRole(own, one, now))
      throw new Problem(
        'access.denied',
        one.role === 'owner' ? 'Only an owner can do this.' : 'Your role does not allow this.',
      )
  return present
}
