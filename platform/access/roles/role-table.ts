import type { BuiltInRole, Permission, StaffRole } from '../../kernel/permission.ts'

/** What anybody may do: look at open pages and sign in. */
export const ANYBODY = ['public', 'self.sign-in'] as const satisfies Permission[]
/** What every account may do once it is signed in with two factors. */
export const EVERY_ACCOUNT = ['self.account', 'workspace.switch'] as const satisfies Permission[]

/** The one table of what a job in a workspace allows; there are no wildcards. Policy 3.2-0. */
export const WORKSPACE_ROLES: Readonly<Record<BuiltInRole, readonly Permission[]>> = {
  owner: [
    'conversation.read',
    'conversation.reply',
    'contact.erase',
    'rule.read',
    'rule.edit',
    'channel.read',
    'channel.edit',
    'people.read',
    'people.edit',
    'role.edit',
    'api-key.read',
    'api-key.edit',
    'client.read',
    'client.edit',
    'audit.read',
    'policy.read',
    'review.read',
    'review.decide',
    'workspace.support',
  ],
  admin: [
    'conversation.read',
    'contact.erase',
    'rule.read',
    'rule.edit',
    'channel.read',
    'channel.edit',
    'people.read',
    'people.edit',
    'role.edit',
    'api-key.read',
    'api-key.edit',
    'client.read',
    'client.edit',
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
    'client.read',
    'audit.read',
    'policy.read',
    'review.read',
  ],
}

/** The same for the provider's staff: who gives roles cannot publish, who publishes cannot give roles. */
export const STAFF_ROLES: Readonly<Record<StaffRole, readonly Permission[]>> = {
  administrator: [
    'platform.staff',
    'policy.read',
    'policy.check',
    'review.read',
    'review.decide',
    'gateway.read',
    'gateway.change',
    'recovery.read',
    'recovery.change',
  ],
  'security-officer': [
    'platform.staff',
    'policy.read',
    'policy.check',
    'attestation.edit',
    'platform.audit',
    'review.read',
    'review.decide',
    'gateway.read',
    'gateway.change',
    'recovery.read',
    'recovery.change',
    'recovery.hold',
  ],
  'staff-auditor': [
    'platform.staff',
    'policy.read',
    'platform.audit',
    'review.read',
    'gateway.read',
    'recovery.read',
  ],
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

/** The kinds of work that every workspace knows; a workspace may name more. */
export const JOB_FUNCTIONS = ['management', 'administration', 'customer service', 'audit'] as const

/** The map of jobs: which work each built-in role is for, the usual one first. Policy 3.2-a. */
export const ROLE_JOBS: Readonly<Record<BuiltInRole, readonly [string, ...string[]]>> = {
  owner: ['management'],
  admin: ['administration', 'management'],
  agent: ['customer service', 'administration', 'management'],
  auditor: ['audit', 'administration', 'management'],
}

/** The same for the provider's staff. */
export const STAFF_JOBS: Readonly<Record<StaffRole, readonly [string, ...string[]]>> = {
  administrator: ['platform administration'],
  'security-officer': ['security'],
  'staff-auditor': ['audit', 'security', 'platform administration'],
}

/** Whether a role is one of those that every workspace has. */
export function isBuiltIn(role: string): role is BuiltInRole {
  return Object.hasOwn(WORKSPACE_ROLES, role)
}
