-- Each time that the standby of the database took the place of the primary, planned or not. Policy 6.2-d.
create table database_change (
  id uuid primary key,
  kind text not null check (kind in ('failover', 'switchover')),
  from_site text not null check (from_site in ('a', 'b')),
  to_site text not null check (to_site in ('a', 'b')),
  began_at timestamptz not null,
  fenced_at timestamptz not null,
  -- A change that was told twice is one.
  promoted_at timestamptz not null unique,
  -- When the platform could write again: the row itself was its first write.
  written_at timestamptz not null,
  -- The last heartbeat that came over: what is younger was not replicated when the primary was lost.
  heartbeat_at timestamptz,
  check (from_site <> to_site)
);
