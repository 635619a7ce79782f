/** Everything that can be allowed or refused, each with what it lets a person do. */
export const permissions = {
  public: 'open to anybody',
  'self.sign-in': 'sign in, enrol a factor, sign out',
  'self.account': 'see and change their own factors and sessions',
  'workspace.switch': 'choose among their own workspaces',
  'conversation.read': 'read conversations and contacts',
  'conversation.reply': 'answer, take over, release and close conversations',
  'contact.erase': 'erase a contact: nobody can read any more what is held of them',
  'rule.read': 'see automatic replies',
  'rule.edit': 'change automatic replies',
  'channel.read': 'see channels',
  'channel.edit': 'connect channels and set their secrets',
  'people.read': 'see the people of the workspace and their roles',
  'people.edit': 'invite people, change their roles, remove them',
  'directory.provision': 'provision people and groups of one workspace, as a directory does',
  'role.edit': 'make and change roles of the workspace, the work they are for and the duties kept apart',
  'api-key.read': 'see API keys',
  'api-key.edit': 'create and revoke API keys',
  'client.read': 'see which programs are registered',
  'client.edit': 'register, change and revoke programs',
  'audit.read': 'read the audit log of the workspace',
  'policy.read': 'see clauses, checks and evidence',
  'policy.check': 'run checks and known-bad runs now',
  'policy.publish': 'publish a version of the policy',
  'attestation.edit': 'record and approve attestations',
  'platform.audit': 'read the audit log of the provider',
  'platform.staff': 'see who belongs to the provider staff',
  'platform.people': 'give, change and withdraw roles of the provider staff',
  'workspace.support': 'let the provider’s support into the workspace, or keep it out',
  'platform.support': 'enter a customer’s workspace to help, and look around in it',
  'account.reset': 'reset the second factors of a person',
  'review.read': 'see the reviews of access rights and their reports',
  'review.decide': 'decide in a review of access rights whether others keep theirs',
  'gateway.read': 'see traffic, what the firewall refused and why, and its rules',
  'gateway.change':
    'load the firewall’s rules and reviewed file anew, have them compared with their source, and turn clients away',
  'recovery.read': 'see ages and uses of keys, backups, restores, drills and how they went',
  'recovery.change': 'make a backup now, pause the schedule of backups and let it go on',
  'recovery.hold': 'keep backups beyond their age for a case, and let them go again',
  'recovery.restore': 'restore a backup into a sandbox and remove it again',
  'operator.local': 'act from the machine itself, through the operator socket',
  'service.protected': 'act as the protected service, through the service socket',
} as const satisfies Record<string, string>

/** The name of a permission. */
export type Permission = keyof typeof permissions

/**
 * What nobody holds permanently: it comes with an elevation, for a limited time and for a reason. Policy 3.2-d.
 */
export const SENSITIVE = [
  'platform.people',
  'policy.publish',
  'platform.support',
  'account.reset',
  'recovery.restore',
] as const satisfies readonly Permission[]

/** The name of a permission that only an elevation gives. */
export type SensitivePermission = (typeof SENSITIVE)[number]

/** Roles that every workspace has. */
export type BuiltInRole = 'owner' | 'admin' | 'agent' | 'auditor'

/** The id of a role that a workspace made for itself. */
export type OwnRoleId = `${string}-${string}-${string}-${string}-${string}`

/** Roles inside a workspace, by job function: one of those that every workspace has, or one of its own. */
export type WorkspaceRole = BuiltInRole | OwnRoleId

/** Roles of the provider's own staff. */
export type StaffRole = 'administrator' | 'security-officer' | 'staff-auditor'
