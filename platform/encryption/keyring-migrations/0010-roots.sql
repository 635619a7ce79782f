-- Root keys as they were last seen, so that a change of who may use one is noticed. Policy 2.2-d.
create table root_seen (
  fingerprint text primary key,
  provider text not null,
  name text not null,
  state text not null check (state in ('enabled', 'disabled', 'pending-deletion', 'unreachable')),
  policy_hash text,
  versions int,
  first_seen timestamptz not null,
  seen_at timestamptz not null
);

-- Changes of the root key; one without an end goes on where it stopped, from what is wrapped since before its start.
create table root_change (
  id uuid primary key,
  started_at timestamptz not null,
  root text not null,
  moved int not null default 0,
  finished_at timestamptz
);

-- Requests that a keeper served, under the numbers in its own log. Policy 2.3-b.
create table root_use (
  root text not null,
  request text not null,
  action text not null check (action in ('wrap', 'unwrap', 'rewrap', 'rotate', 'describe')),
  at timestamptz not null,
  primary key (root, request)
);
create index root_use_at on root_use (at);

grant select, insert on root_seen, root_change, root_use to surety_keyring;
grant update (state, policy_hash, versions, seen_at) on root_seen to surety_keyring;
grant update (moved, finished_at) on root_change to surety_keyring;
grant delete on root_use to surety_keyring;
