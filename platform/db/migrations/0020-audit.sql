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
  -- Details of an event that is open for anyone to verify; every other event keeps them sealed.
  details jsonb,
  -- Envelope under the tenant's key: details, address and device of the request.
  sealed bytea,
  check ((details is null) <> (sealed is null)),
  request_id text,
  -- Set by the sequencer.
  ledger_index bigint unique
);
create index audit_event_unsequenced on audit_event (written) where ledger_index is null;
create index audit_event_tenant on audit_event (tenant, written desc);
create index audit_event_target on audit_event (target_id) where target_id is not null;
create index audit_event_request on audit_event (request_id) where request_id is not null;
create index audit_event_type on audit_event (type, written desc);

-- One row: how far indices are given, and how far the log of files is published. Policy 8.2-a.3.
create table ledger_state (
  single boolean primary key default true check (single),
  sequenced bigint not null default 0,
  published bigint not null default 0 check (published <= sequenced),
  root bytea,
  checkpoint text,
  published_at timestamptz
);
insert into ledger_state default values;

-- What the protected service may report: its own event types, declared by itself.
create table service_event_type (
  type text primary key,
  kind text not null,
  says text not null
);
