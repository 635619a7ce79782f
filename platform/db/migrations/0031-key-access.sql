-- Every use of a tenant's key store, written where the keys are handed out; compared with the audit log. Policy 2.3-b.
create table key_access (
  id uuid primary key,
  at timestamptz not null,
  tenant text not null,
  action text not null check (action in ('created', 'opened', 'rotated', 'released', 'destroyed'))
);
create index key_access_at on key_access (at);
