import type { SealedColumn } from './queries.ts'

type Place = readonly [schema: 'surety' | 'inbox', table: string, column: string]

function sealed(place: Place, tenant: string | null, more: Partial<SealedColumn> = {}): SealedColumn {
  const [schema, table, column] = place
  return { schema, table, column, tenant, ...more }
}

/** A workspace's column of the protected service. */
function inbox(table: string, column: string, more: Partial<SealedColumn> = {}): SealedColumn {
  return sealed(['inbox', table, column], 'workspace_id', more)
}

/** Every column whose values are field envelopes, and whose they are. Policy 2.2-a. */
export const sealedColumns: readonly SealedColumn[] = [
  sealed(['surety', 'account', 'email'], null),
  sealed(['surety', 'account', 'display_name'], null),
  sealed(['surety', 'api_key', 'label'], 'workspace_id'),
  sealed(['surety', 'audit_event', 'sealed'], 'tenant', { orProvider: true }),
  sealed(['surety', 'blocked_request', 'sealed'], null),
  sealed(['surety', 'gateway_block', 'subject'], null),
  sealed(['surety', 'gateway_block', 'reason'], null),
  sealed(['surety', 'elevation', 'reason'], null),
  sealed(['surety', 'elevation', 'decision_reason'], null),
  sealed(['surety', 'elevation', 'review_note'], null),
  sealed(['surety', 'directory_group', 'content'], 'workspace_id'),
  sealed(['surety', 'directory_member', 'display'], 'workspace_id'),
  sealed(['surety', 'directory_token', 'label'], 'workspace_id'),
  sealed(['surety', 'directory_user', 'content'], 'workspace_id'),
  sealed(['surety', 'factor_reset', 'reason'], null),
  sealed(['surety', 'link', 'email'], null),
  sealed(['surety', 'personnel_connection', 'label'], 'workspace_id'),
  sealed(['surety', 'personnel_connection', 'secret'], 'workspace_id'),
  sealed(['surety', 'personnel_event', 'content'], 'workspace_id'),
  sealed(['surety', 'outbox', 'message'], null),
  sealed(['surety', 'oauth_artifact', 'payload'], 'workspace_id', { orProvider: true }),
  sealed(['surety', 'oauth_client', 'name'], 'workspace_id'),
  sealed(['surety', 'oauth_signing_key', 'sealed'], null),
  sealed(['surety', 'product_secret', 'value'], null),
  sealed(['surety', 'duty_rule', 'name'], 'workspace_id'),
  sealed(['surety', 'own_role', 'name'], 'workspace_id'),
  sealed(['surety', 'role_grant', 'exception_reason'], 'workspace_id'),
  sealed(['surety', 'review_item', 'reason'], 'workspace_id', { orProvider: true }),
  sealed(['surety', 'session', 'device'], null),
  sealed(['surety', 'sms_factor', 'number'], null),
  sealed(['surety', 'totp_factor', 'secret'], null),
  sealed(['surety', 'upstream_attempt', 'secrets'], null),
  sealed(['surety', 'upstream_connection', 'client_secret'], 'workspace_id'),
  sealed(['surety', 'workspace', 'name'], 'id'),
  inbox('audit_outbox', 'body', { onlyWithTenant: true }),
  inbox('channel', 'access_token'),
  inbox('channel', 'app_secret'),
  inbox('channel', 'secret_hints'),
  inbox('channel', 'settings'),
  inbox('channel', 'verify_token'),
  inbox('contact', 'display_name'),
  inbox('contact_identity', 'value'),
  inbox('inbound', 'raw'),
  inbox('message', 'body'),
  inbox('rule', 'content'),
]

/** Every other column of bytes, and why what it holds is no envelope. */
export const otherByteColumns: Readonly<Record<string, string>> = {
  'surety.account.email_index': 'keyed look-up value',
  'surety.account_link.token_hash': 'hash of a random token',
  'surety.api_key.token_hash': 'hash of a random token',
  'surety.attestation.document_hash': 'hash of a document',
  'surety.data_key.wrapped': 'key wrapped under the root key',
  'surety.directory_group.display_name_index': 'keyed look-up value',
  'surety.directory_group.external_id_index': 'keyed look-up value',
  'surety.directory_token.token_hash': 'hash of a random token',
  'surety.directory_user.account_email_index': 'keyed look-up value',
  'surety.directory_user.email_indexes': 'keyed look-up values',
  'surety.directory_user.external_id_index': 'keyed look-up value',
  'surety.directory_user.user_name_index': 'keyed look-up value',
  'surety.personnel_event.event_index': 'keyed look-up value',
  'surety.device.token_hash': 'hash of a random token',
  'surety.ledger_state.root': 'public hash of the ledger',
  'surety.link.email_index': 'keyed look-up value',
  'surety.link.token_hash': 'hash of a random token',
  'surety.oauth_artifact.grant_hash': 'hash of a random id',
  'surety.oauth_artifact.id_hash': 'hash of a random token',
  'surety.oauth_artifact.uid_hash': 'hash of a random id',
  'surety.oauth_secret.hash': 'hash of a random secret',
  'surety.observation.check_code_hash': 'hash of program text',
  'surety.observation.params_hash': 'hash of published values',
  'surety.policy_process.values_hash': 'hash of published values',
  'surety.policy_version.signature': 'public signature',
  'surety.policy_version.text_hash': 'hash of the published text',
  'surety.recovery_code.hash': 'hash of a random code',
  'surety.sms_code.hash': 'keyed hash of a code',
  'surety.sms_code.number_index': 'keyed look-up value',
  'surety.sms_factor.number_index': 'keyed look-up value',
  'surety.review_campaign.snapshot_hash': 'hash of ids and dates, public in the ledger',
  'surety.session.token_hash': 'hash of a random token',
  'surety.upstream_attempt.browser_hash': 'hash of a random token',
  'surety.upstream_attempt.state_hash': 'hash of a random token',
  'surety.upstream_link.subject_index': 'keyed look-up value',
  'surety.webauthn_challenge.challenge_hash': 'hash of a random challenge',
  'surety.webauthn_key.credential_id': 'random name that a security key chose',
  'surety.webauthn_key.public_key': 'public key',
  'inbox.contact_identity.value_index': 'keyed look-up value',
  'inbox.inbound.dedupe_key': 'keyed look-up value',
  'inbox.message.provider_index': 'keyed look-up value',
  'inbox.visitor.token_hash': 'hash of a random token',
}
