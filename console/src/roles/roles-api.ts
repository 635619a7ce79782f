import { queryOptions } from '@tanstack/react-query'
import type { BuiltInRole, WorkspaceRole } from '../../../platform/kernel/permission.ts'
import { call, type Reply } from '../api.ts'

/** Roles and permissions of the workspace. */
export type RolesReply = Reply<'GET /api/access/roles'>
/** One role. */
export type Role = RolesReply['roles'][number]
/** One permission in words. */
export type PermissionRow = RolesReply['permissions'][number]

/** Every role that can be given here. */
export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }) => call('GET /api/access/roles', {}, { signal }),
})

/** The kinds of work of the workspace. */
export const jobsQuery = queryOptions({
  queryKey: ['job-functions'],
  queryFn: ({ signal }) => call('GET /api/access/job-functions', {}, { signal }),
})

/** The duties that are kept apart. */
export const dutiesQuery = queryOptions({
  queryKey: ['duties'],
  queryFn: ({ signal }) => call('GET /api/access/duties', {}, { signal }),
})

/** The roles that every workspace has, by name. */
export const BUILT_IN_ROLES: Readonly<Record<BuiltInRole, string>> = {
  owner: 'Owner',
  admin: 'Admin',
  agent: 'Agent',
  auditor: 'Auditor',
}

/** A role's name: its own, or that of one which every workspace has. */
export function nameOfRole(role: Pick<Role, 'id' | 'name'>): string {
  return role.name ?? (isBuiltIn(role.id) ? BUILT_IN_ROLES[role.id] : role.id)
}

/** Whether every workspace has the role. */
export function isBuiltIn(role: WorkspaceRole): role is BuiltInRole {
  return Object.hasOwn(BUILT_IN_ROLES, role)
}

/** Permissions by what they are about, in the order in which they are declared. */
export function byGroup(
  rows: readonly PermissionRow[],
): readonly (readonly [string, readonly PermissionRow[]])[] {
  const groups = new Map<string, PermissionRow[]>()
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row])
  return [...groups]
}
