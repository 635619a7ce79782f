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
