import type { Permission } from '../../../platform/kernel/permission.ts'
import type { IconName } from '../ui/icons.tsx'

/** A page that the navigation and the search lead to. */
export interface Place {
  readonly to:
    | '/inbox'
    | '/channels'
    | '/replies'
    | '/people'
    | '/api-keys'
    | '/roles'
    | '/reviews'
    | '/provisioning'
    | '/programs'
    | '/elevations'
    | '/resets'
    | '/audit'
    | '/traffic'
    | '/traffic/refused'
    | '/traffic/exclusions'
    | '/traffic/limits'
    | '/traffic/block-list'
    | '/recovery'
    | '/recovery/restores'
    | '/recovery/drills'
    | '/recovery/retention'
    | '/recovery/keys'
    | '/recovery/keys/uses'
    | '/account'
    | '/policy'
    | '/policy/versions'
    | '/policy/findings'
  readonly name: string
  readonly icon: IconName
  readonly permission: Permission
  /** Other words that people look for it by. */
  readonly also: string
}

/** The pages beside the policy, in the order of the navigation. */
export const PLACES: readonly Place[] = [
  {
    to: '/inbox',
    name: 'Inbox',
    icon: 'inbox',
    permission: 'conversation.read',
    also: 'conversations messages',
  },
  {
    to: '/replies',
    name: 'Automatic replies',
    icon: 'reply',
    permission: 'rule.read',
    also: 'rules keyword bot',
  },
  {
    to: '/channels',
    name: 'Channels',
    icon: 'channel',
    permission: 'channel.read',
    also: 'whatsapp web chat webhook',
  },
  {
    to: '/people',
    name: 'People and roles',
    icon: 'people',
    permission: 'people.read',
    also: 'members team invite staff support suspend leave',
  },
  {
    to: '/roles',
    name: 'Roles',
    icon: 'shield',
    permission: 'people.read',
    also: 'permissions explain why duties job functions',
  },
  { to: '/api-keys', name: 'API keys', icon: 'key', permission: 'api-key.read', also: 'token bearer rotate' },
  {
    to: '/reviews',
    name: 'Access reviews',
    icon: 'check',
    permission: 'review.read',
    also: 'recertification quarterly keep revoke',
  },
  {
    to: '/provisioning',
    name: 'Provisioning',
    icon: 'people',
    permission: 'people.edit',
    also: 'scim directory leavers departures hr company sign-in sso oidc',
  },
  {
    to: '/programs',
    name: 'Programs',
    icon: 'key',
    permission: 'client.read',
    also: 'oauth clients openid tokens',
  },
  {
    to: '/elevations',
    name: 'Elevations',
    icon: 'clock',
    permission: 'platform.staff',
    also: 'just in time break glass sensitive approve',
  },
  {
    to: '/resets',
    name: 'Resets',
    icon: 'account',
    permission: 'platform.staff',
    also: 'second factors lost locked out recovery',
  },
  { to: '/audit', name: 'Audit log', icon: 'log', permission: 'audit.read', also: 'events ledger proof' },
  {
    to: '/traffic',
    name: 'Traffic',
    icon: 'channel',
    permission: 'gateway.read',
    also: 'gateway firewall waf requests live rules core rule set crs latency',
  },
  {
    to: '/recovery',
    name: 'Keys and recovery',
    icon: 'key',
    permission: 'recovery.read',
    also: 'backups calendar lag regions wal chain pause disaster',
  },
]

/** Pages of traffic, of the policy and of the person, found by search and shown elsewhere. */
export const MORE_PLACES: readonly Place[] = [
  {
    to: '/traffic/refused',
    name: 'Refused requests',
    icon: 'channel',
    permission: 'gateway.read',
    also: 'blocked firewall why attack request id',
  },
  {
    to: '/traffic/exclusions',
    name: 'Exclusions of the firewall',
    icon: 'channel',
    permission: 'gateway.read',
    also: 'false positive dry run reviewed file',
  },
  {
    to: '/traffic/limits',
    name: 'Limits',
    icon: 'channel',
    permission: 'gateway.read',
    also: 'rates sizes timeouts 429',
  },
  {
    to: '/traffic/block-list',
    name: 'Block list',
    icon: 'channel',
    permission: 'gateway.read',
    also: 'turn away ban address network',
  },
  {
    to: '/recovery/keys',
    name: 'Keys',
    icon: 'key',
    permission: 'recovery.read',
    also: 'encryption rotation root kms vault keyring escrow age',
  },
  {
    to: '/recovery/keys/uses',
    name: 'Uses of keys',
    icon: 'key',
    permission: 'recovery.read',
    also: 'who used keys released opened destroyed',
  },
  {
    to: '/recovery/restores',
    name: 'Restores',
    icon: 'clock',
    permission: 'recovery.read',
    also: 'sandbox proof point in time recovery',
  },
  {
    to: '/recovery/drills',
    name: 'Drills',
    icon: 'clock',
    permission: 'recovery.read',
    also: 'standby failover switchover rto rpo game day',
  },
  {
    to: '/recovery/retention',
    name: 'Holds and removals',
    icon: 'clock',
    permission: 'recovery.read',
    also: 'legal hold deletion certificates retention 90 days',
  },
  {
    to: '/policy',
    name: 'Policy',
    icon: 'shield',
    permission: 'policy.read',
    also: 'status overview clauses',
  },
  {
    to: '/policy/versions',
    name: 'Policy versions',
    icon: 'shield',
    permission: 'policy.read',
    also: 'diff publish changes',
  },
  {
    to: '/policy/findings',
    name: 'Policy findings',
    icon: 'shield',
    permission: 'policy.read',
    also: 'lint contradictions',
  },
  {
    to: '/account',
    name: 'Account security',
    icon: 'account',
    permission: 'self.account',
    also: 'password sessions factors recovery codes passkey security key company sign-in',
  },
]
