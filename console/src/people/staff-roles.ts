import type { StaffRole } from '../../../platform/kernel/permission.ts'

/** The roles of the provider’s staff in words. */
export const STAFF_ROLES: Readonly<Record<StaffRole, string>> = {
  administrator: 'Administrator',
  'security-officer': 'Security officer',
  'staff-auditor': 'Auditor of the provider',
}
