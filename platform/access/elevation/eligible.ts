import {
  SENSITIVE,
  type Permission,
  type SensitivePermission,
  type StaffRole,
} from '../../kernel/permission.ts'
import { bitsOf, eitherOf } from '../../kernel/permission-set.ts'
import { brokenDuty, SHIPPED_DUTIES, type DutyRule } from '../roles/duties.ts'
import { bitsOfStaffRole } from '../roles/rights.ts'

/** What somebody in this role of the provider's staff may ask an elevation for, and decide about for others. Policy 3.2-d. */
export const ELIGIBLE: Readonly<Record<StaffRole, readonly SensitivePermission[]>> = {
  administrator: ['platform.people', 'platform.support', 'account.reset', 'recovery.restore'],
  'security-officer': ['policy.publish', 'platform.support', 'account.reset', 'recovery.restore'],
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

/** Whether this role may ask for all of these. */
export function isEligible(role: StaffRole | null, wanted: readonly string[]): boolean {
  const allowed: readonly string[] = role === null ? [] : (ELIGIBLE[role] ?? [])
  return wanted.every((one) => allowed.includes(one))
}

/** The sensitive ones among these names; a name that is none any more gives nothing. */
export function sensitiveOf(names: readonly string[]): SensitivePermission[] {
  return SENSITIVE.filter((one) => names.includes(one))
}

/** The rule that these permissions would break together with what the role allows anyway, if any. Policy 3.2-a. */
export function conflictAmong(role: StaffRole | null, held: readonly string[]): DutyRule | undefined {
  return brokenDuty(SHIPPED_DUTIES, eitherOf(bitsOfStaffRole(role), bitsOf(held)))
}
