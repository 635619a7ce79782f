/** What a column in the clear may hold; `shape` is a PostgreSQL regular expression that every value must match. */
export interface ClearClass {
  /** Why it needs no envelope. */
  readonly because: string
  readonly shape: string | null
  /** `schema.table.column`, separated by spaces. */
  readonly columns: string
}

/** Words and ids have neither spaces nor an @: no sentence, no name of two words and no address fits. */
const WORD = '^[A-Za-z0-9._:/+-]{0,80}$'
const ID = '^[^\\s@]{0,250}$'

/**
 * Every column of text, JSON or arrays that holds no envelope, by what it holds instead. Columns of bytes stand in
 * `stored-bytes.ts`. What people write, and what tells who they are, belongs into an envelope and never here. Policy 2.2-0.
 */
export const clearColumns: readonly ClearClass[] = [
  {
    because: 'a word of a fixed list, or a name that the program itself gave',
    shape: WORD,
    columns: `
      surety.account_link.kind surety.attestation.clause surety.attestation.kind
      surety.audit_event.type surety.audit_event.kind surety.audit_event.actor_kind surety.audit_event.target_kind
      surety.audit_event.outcome surety.blocked_request.outcome surety.blocked_request.method
      surety.data_key.purpose surety.directory_group.role surety.duty_rule.one surety.duty_rule.other
      surety.elevation.kind surety.elevation.permissions surety.elevation.end_reason surety.exception.clause
      surety.factor_reset.end_reason surety.gateway_block.kind surety.gateway_block.made_by_kind
      surety.gateway_block.lifted_by_kind surety.job_function.roles surety.key_access.action
      surety.leaver.reason surety.leaver.cause surety.leaver_step.kind surety.leaver_step.ended surety.link.kind
      surety.link.role surety.membership.role 
      surety.oauth_artifact.kind surety.oauth_artifact.scopes surety.oauth_client.grant_types surety.oauth_client.scopes
      surety.oauth_client.auth_method surety.oauth_client.id_token_algorithm surety.oauth_signing_key.algorithm
      surety.observation.control surety.observation.clauses surety.observation.kind surety.observation.result
      surety.observation.ended surety.outbox.channel surety.outbox.kind surety.outbox.state surety.outbox.carrier
      surety.own_role.permissions surety.permission_use.permission
      surety.personnel_event.kind surety.personnel_event.outcome surety.policy_drift.parameter
      surety.policy_in_force.parameter surety.policy_process.role surety.product_secret.name
      surety.product_secret.set_by_kind surety.review_item.kind surety.review_item.decision surety.review_item.new_role
      surety.role_grant.role surety.role_grant.via surety.role_grant.granted_by_kind
      surety.role_grant.ended_by_kind surety.role_grant.ended_via
      surety.service_event_type.type surety.service_event_type.kind surety.session.level surety.session.end_reason
      surety.session.factors surety.sms_closure.scope surety.sms_code.purpose surety.staff.role
      surety.upstream_connection.two_factors surety.webauthn_challenge.purpose
      surety.webauthn_key.transports inbox.channel.kind inbox.channel.state inbox.channel.broken_code
      inbox.consent.state inbox.contact.state inbox.contact_identity.kind inbox.conversation.status
      inbox.gate_decision.author inbox.gate_decision.code inbox.inbound.verdict inbox.message.direction
      inbox.message.author inbox.message.type inbox.message.status inbox.message.error_code inbox.message.provider
      inbox.rule.kind surety_jobs._private_known_crontabs.identifier inbox_jobs._private_known_crontabs.identifier surety_jobs._private_tasks.identifier inbox_jobs._private_tasks.identifier
      surety_jobs._private_job_queues.queue_name inbox_jobs._private_job_queues.queue_name surety_jobs._private_jobs.locked_by inbox_jobs._private_jobs.locked_by
      surety_jobs._private_job_queues.locked_by inbox_jobs._private_job_queues.locked_by surety.api_key.scopes surety.backup_lag.region surety.backup_copy.region surety.backup_copy.code
      surety.backup_hold.reason surety.backup_hold.placed_by_kind surety.backup_hold.released_by_kind
      surety.deletion_certificate.region surety.backup_pause.reason
      surety.backup_pause.made_by_kind surety.backup_pause.ended_by_kind surety.backup_run.kind
      surety.backup_run.asked_by_kind surety.backup_run.state surety.backup_run.code surety.restore_proof.reason
      surety.drill.type surety.drill.reason surety.drill.asked_by_kind surety.drill.region surety.drill.state surety.drill_sign_off.gaps
      surety.sandbox.region surety.sandbox.state surety.sandbox.step keyring.data_key.purpose
      keyring.root_seen.provider keyring.root_seen.state keyring.root_use.action keyring.root_stranger.operation surety.reencryption.store surety.database_change.from_site surety.database_change.to_site surety.database_change.kind
      surety.database_change.fenced_by surety.database_change.from_region surety.database_change.to_region
      keyring.key_access.action`,
  },
  {
    because: 'a kind of work in a few words, of many people and never of one',
    shape: '^[^@]{0,80}$',
    columns:
      'surety.job_function.name surety.link.job_function surety.membership.job_function surety.own_role.job_functions surety.role_grant.job_function surety.staff.job_function',
  },
  {
    because: 'an id that says nothing about whom it names, or a name of a key, a file or a release',
    shape: ID,
    columns: `
      surety.audit_event.actor_id surety.audit_event.target_id surety.audit_event.request_id
      surety.backup_copy.first_refused surety.backup_hold.reference
      surety.backup_hold.placed_by_id surety.backup_hold.released_by_id surety.deletion_certificate.backup
      surety.deletion_certificate.manifest_hash surety.key_unused.fingerprint surety.key_unused.tenant surety.reencryption.leaving
      keyring.root_seen.fingerprint keyring.root_seen.name keyring.root_seen.policy_hash keyring.root_change.root
      keyring.root_use.root keyring.root_use.request keyring.root_log.root keyring.root_log.told keyring.root_stranger.root keyring.root_stranger.request keyring.root_stranger.caller keyring.root_stranger.tenant surety.backup_run.name surety.backup_run.asked_by_id
      surety.backup_pause.made_by_id surety.backup_pause.ended_by_id surety.restore_proof.backup surety.drill.asked_by_id surety.drill.backup
      surety.drill_sign_off.reference surety.blocked_request.fingerprint surety.data_key.tenant
      surety.data_key.root_fingerprint surety.gateway_block.made_by_id surety.gateway_block.lifted_by_id
      surety.key_access.tenant surety.key_destruction.tenant surety.key_destruction.person surety.migration.name
      surety.migration.sha256 surety.oauth_artifact.proof_key surety.oauth_signing_key.id
      surety.product_secret.set_by_id surety.role_grant.granted_by surety.role_grant.ended_by
      surety.server_host.name surety.server_host.public_key surety.upstream_connection.client_id
      inbox.channel.phone_number_id inbox.conversation.assignee inbox.message.author_id inbox.migration.name
      inbox.migration.sha256 keyring.migration.name keyring.migration.sha256 keyring.tenant_key.tenant
      keyring.tenant_key.fingerprint keyring.tenant_key.root keyring.data_key.tenant keyring.data_key.fingerprint
      keyring.person_key.tenant keyring.person_key.person keyring.person_key.fingerprint keyring.key_access.tenant
      keyring.key_access.person`,
  },
  {
    because: 'the last characters of a random secret, too few to be of use',
    shape: WORD,
    columns: 'surety.api_key.hint surety.directory_token.hint surety.oauth_secret.hint',
  },
  {
    because: 'a one-way hash with a salt and a secret of its own',
    shape: ID,
    columns: 'surety.account.password_hash',
  },
  {
    because: 'country and area of a number, which count codes and reach nobody',
    shape: WORD,
    columns: `surety.sms_code.country surety.sms_code.area surety.sms_factor.country surety.sms_factor.area`,
  },
  {
    because: 'text that is published on the trust page and in the ledger',
    shape: null,
    columns: `
      surety.attestation.document_title surety.attestation.issuer surety.attestation.anchor_quote
      surety.attestation.anchor_place surety.attestation.owner surety.attestation.uploaded_by
      surety.attestation.approved_by surety.exception.reason surety.exception.accepted_by
      surety.ledger_state.checkpoint surety.observation.saw surety.observation.metrics surety.observation.scope
      surety.policy_drift.place surety.policy_drift.expected surety.policy_drift.found surety.policy_in_force.value
      surety.policy_in_force.value_text surety.policy_in_force.pending_value surety.policy_in_force.pending_text
      surety.policy_process.value_texts surety.policy_version.files surety.policy_version.value_texts
      surety.policy_version.changes surety.policy_version.signer surety.policy_version.published_by
      surety.policy_version.reason surety.service_event_type.says`,
  },
  {
    because:
      'only what an open event says: ids, numbers and words of the program, the same as in the public ledger',
    shape: null,
    columns: 'surety.audit_event.details',
  },
  {
    because: 'a sentence of the program, without anything of a request or a person',
    shape: null,
    columns:
      'surety.blocked_request.message surety.blocked_request.route surety.outbox.reason surety.restore_proof.says surety.drill.says keyring.root_log.problem surety.sandbox.says surety.deletion_certificate.note',
  },
  {
    because: 'ids, dates and words of the program in JSON',
    shape: null,
    columns: `
      surety.leaver_step.trials surety.review_campaign.gone surety.review_item.snapshot surety.review_item.trials
      inbox.gate_decision.facts surety_jobs._private_jobs.payload inbox_jobs._private_jobs.payload surety_jobs._private_jobs.flags inbox_jobs._private_jobs.flags
      surety.server_host.report surety.restore_proof.facts surety.drill.points keyring.root_log.position surety.drill.figures surety.sandbox.facts`,
  },
  {
    because: 'a job’s name with the id that it works on, and the program’s own words about its last failure',
    shape: null,
    columns: `
      surety_jobs._private_jobs.key inbox_jobs._private_jobs.key surety_jobs._private_jobs.last_error inbox_jobs._private_jobs.last_error`,
  },
  {
    because: 'addresses and public keys of programs, which their owner shows to every browser',
    shape: null,
    columns: `
      surety.oauth_client.redirect_uris surety.oauth_client.logout_redirect_uris
      surety.oauth_client.backchannel_logout_uri surety.oauth_client.public_keys surety.upstream_connection.issuer
      surety.upstream_connection.domains inbox.channel.allowed_origins`,
  },
]

/** Where each column in the clear stands. */
export const classOfColumn: ReadonlyMap<string, ClearClass> = new Map(
  clearColumns.flatMap((one) =>
    one.columns
      .split(/\s+/)
      .filter(Boolean)
      .map((name) => [name, one] as const),
  ),
)
