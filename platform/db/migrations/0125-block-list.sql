-- Clients that the gateway turns away, for a time and for a reason.
create table gateway_block (
  id uuid primary key,
  kind text not null check (kind in ('network', 'account', 'api-key', 'client', 'directory')),
  -- Envelope under the provider's key: an address range, or an id.
  subject bytea not null,
  -- Envelope: why, in words.
  reason bytea not null,
  -- Who asked for it: a kind of actor and an internal id.
  made_by_kind text not null,
  made_by_id text not null,
  made_at timestamptz not null,
  ends_at timestamptz not null,
  lifted_at timestamptz,
  lifted_by_kind text,
  lifted_by_id text,
  check (ends_at > made_at and ends_at <= made_at + interval '90 days'),
  check ((lifted_at is null) = (lifted_by_kind is null) and (lifted_at is null) = (lifted_by_id is null))
);
create index gateway_block_ends on gateway_block (ends_at) where lifted_at is null;
