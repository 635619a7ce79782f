-- An event as its transaction wrote it; the sequencer gives it its index in the ledger afterwards.
create table audit_event (
  id uuid primary key,
  -- Order of writing; gaps are possible (a rolled-back transaction), the ledger index has none.
  written bigint generated always as identity unique,
  at timestamptz not null,
  type text not null,
  kind text not null check (kind in ('system', 'authentication', 'data', 'administration', 'security')),
  tenant uuid,
  actor_kind text not null,
  actor_id text not null,
  target_kind text,
  target_id text,
  outcome text not null check (outcome in ('success', 'refused', 'failed')),
  -- Envelope under the tenant's key: details, address and device of the request.
  sealed bytea not null,
  request_id text,
  -- Set by the sequencer.
  ledger_index bigint unique,
  leaf_hash bytea
);
create index audit_event_unsequenced on audit_event (written) where ledger_index is null;
create index audit_event_tenant on audit_event (tenant, written desc);
create index audit_event_type on audit_event (type, written desc);
