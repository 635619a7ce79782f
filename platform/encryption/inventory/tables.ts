import { sealedColumns } from '../stored-bytes.ts'
import type { Encryption, Holds, Store } from './store.ts'

/** Tables that hold the same kind of thing. */
interface Group {
  readonly says: string
  readonly holds: Holds
  /** How tables without a sealed column are encrypted. */
  readonly otherwise: Encryption
  readonly kind?: Store['kind']
  readonly tables: string
}

const CRITICAL = {
  tier: 'critical',
  because: 'the cluster is backed up whole: every day, every hour and continuously',
} as const
const APART = {
  tier: 'apart',
  because:
    'the keyring has backups of its own that are kept for 7 days, so that destroyed keys stay destroyed',
} as const

const groups: readonly Group[] = [
  {
    says: 'people, how they sign in and what they may do',
    holds: 'personal',
    otherwise: 'sealed',
    tables: `surety.account surety.api_key surety.session surety.sms_factor surety.totp_factor surety.webauthn_key surety.elevation
      surety.factor_reset surety.link surety.directory_user surety.directory_group surety.directory_member
      surety.directory_token surety.personnel_connection surety.personnel_event surety.role_grant surety.own_role
      surety.duty_rule surety.review_item surety.workspace surety.upstream_attempt surety.upstream_link`,
  },
  {
    says: 'hashes of secrets and one-time values',
    holds: 'operational',
    otherwise: 'disk',
    tables: `surety.account_link surety.device surety.recovery_code surety.sms_code surety.webauthn_challenge
      surety.oauth_secret`,
  },
  {
    says: 'ids and words of the program about rights and their ends',
    holds: 'operational',
    otherwise: 'disk',
    tables: `surety.membership surety.staff surety.job_function surety.leaver surety.leaver_step
      surety.permission_use surety.key_unused surety.reencryption surety.review_campaign surety.sms_closure surety.key_destruction`,
  },
  {
    says: 'secrets of customers and of the product',
    holds: 'secret',
    otherwise: 'sealed',
    tables: `surety.product_secret surety.oauth_signing_key surety.oauth_artifact surety.oauth_client
      surety.upstream_connection`,
  },
  {
    says: 'the audit log',
    holds: 'personal',
    otherwise: 'sealed',
    kind: 'log',
    tables: 'surety.audit_event',
  },
  {
    says: 'refused requests and those who are turned away',
    holds: 'personal',
    otherwise: 'sealed',
    tables: 'surety.blocked_request surety.gateway_block',
  },
  {
    says: 'letters and text messages on their way',
    holds: 'personal',
    otherwise: 'sealed',
    kind: 'queue',
    tables: 'surety.outbox',
  },
  {
    says: 'the policy, its checks and what they saw, which are published',
    holds: 'public',
    otherwise: 'public',
    tables: `surety.attestation surety.exception surety.ledger_state surety.observation surety.policy_drift
      surety.policy_in_force surety.policy_process surety.policy_version surety.service_event_type`,
  },
  {
    says: 'records of the program about itself',
    holds: 'operational',
    otherwise: 'disk',
    tables: `surety.backup_run surety.backup_pause surety.backup_lag surety.backup_hold surety.backup_copy surety.deletion_certificate surety.heartbeat
      surety.database_change surety.drill surety.drill_sign_off surety.restore_proof surety.sandbox surety.migration surety.server_host inbox.migration`,
  },
  {
    says: 'conversations, contacts, channels and rules',
    holds: 'personal',
    otherwise: 'sealed',
    tables: 'inbox.channel inbox.contact inbox.contact_identity inbox.message inbox.rule',
  },
  {
    says: 'what arrived and what is to be handed on',
    holds: 'personal',
    otherwise: 'sealed',
    kind: 'queue',
    tables: 'inbox.inbound inbox.audit_outbox',
  },
  {
    says: 'ids and words of the program about conversations',
    holds: 'operational',
    otherwise: 'disk',
    tables:
      'inbox.consent inbox.conversation inbox.gate_decision inbox.visitor inbox.outbox inbox.erased_message',
  },
  {
    says: 'jobs by name, with the ids that they work on',
    holds: 'operational',
    otherwise: 'disk',
    kind: 'queue',
    tables: ['surety_jobs', 'inbox_jobs']
      .map((schema) =>
        ['_private_jobs', '_private_job_queues', '_private_tasks', '_private_known_crontabs', 'migrations']
          .map((table) => `${schema}.${table}`)
          .join(' '),
      )
      .join(' '),
  },
]

/** Where keys stood before they had a database of their own; emptied at the first start since then. */
const former: readonly Group[] = [
  {
    says: 'keys and their uses until they were carried over into the keyring',
    holds: 'secret',
    otherwise: 'wrapped',
    tables: 'surety.data_key surety.key_access',
  },
]

const keyring: readonly Group[] = [
  {
    says: 'keys of tenants and people, each wrapped',
    holds: 'secret',
    otherwise: 'wrapped',
    tables: 'keyring.tenant_key keyring.data_key keyring.person_key',
  },
  {
    says: 'the register of the uses of keys',
    holds: 'operational',
    otherwise: 'disk',
    tables:
      'keyring.key_access keyring.root_seen keyring.root_change keyring.root_use keyring.root_log keyring.root_stranger keyring.migration',
  },
]

const sealedTables = new Set(sealedColumns.map(({ schema, table }) => `${schema}.${table}`))

function tablesOf(group: Group, backup: Store['backup']): Store[] {
  return group.tables
    .split(/\s+/)
    .filter(Boolean)
    .map((name) => ({
      kind: group.kind ?? 'table',
      name,
      says: group.says,
      holds: group.holds,
      encryption: sealedTables.has(name) ? 'sealed' : group.otherwise,
      backup,
    }))
}

/** Every table of the product. */
export const tableStores: readonly Store[] = [
  ...[...groups, ...former].flatMap((group) => tablesOf(group, CRITICAL)),
  ...keyring.flatMap((group) => tablesOf(group, APART)),
]
