import {
  SENSITIVE,
  type Permission,
  type SensitivePermission,
  type StaffRole,
} from '../../kernel/permission.ts'

/** What somebody in this role of the provider's staff may ask an elevation for, and decide about for others. Policy 3.2-d. */
export const ELIGIBLE: Readonly<Record<StaffRole, readonly SensitivePermission[]>> = {
  administrator: ['platform.people', 'platform.support', 'account.reset'],
  'security-officer': ['policy.publish', 'platform.support', 'account.reset'],
  'staff-auditor': [],
}

/** What support may look at in a customer's workspace; it changes nothing there. */
export const SUPPORT_PERMISSIONS = [
  'conversation.read',
  'rule.read',
  'channel.read',
  'people.read',
  'audit.read',
] as const satisfies readonly Permission[]

/** Sensitive permissions that nobody holds at the same time, by whatever elevations. */
export const APART: readonly (readonly [SensitivePermission, SensitivePermission])[] = [
  ['platform.people', 'policy.publish'],
]

/** Whether this role may ask for all of these. */
export function isEligible(role: StaffRole | null, wanted: readonly string[]): boolean {
  const allowed: readonly string[] = role === null ? [] : (ELIGIBLE[role] ?? [])
  return wanted.every((one) => allowed.includes(one))
}

/** The sensitive ones among these names; a name that is none any more gives nothing. */
export function sensitiveOf(names: readonly string[]): SensitivePermission[] {
  return SENSITIVE.filter((one) => names.includes(one))
}

/** Two of these that nobody may hold together, if any. */
export function conflictAmong(
  held: readonly string[],
): readonly [SensitivePermission, SensitivePermission] | undefined {
  return APART.find((pair) => pair.every((one) => held.includes(one)))
}
