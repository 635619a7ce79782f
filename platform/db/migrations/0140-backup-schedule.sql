-- The newest moment that the platform wrote; after a restore it says what was lost. One row. Policy 6.2-b.
create table heartbeat (
  one boolean primary key default true check (one),
  at timestamptz not null
);

-- Backups that were begun, also those that failed. What a backup is stands in its signed manifest. Policy 6.1-a, 6.1-b.
create table backup_run (
  id uuid primary key,
  kind text not null check (kind in ('full', 'incremental')),
  -- Who asked for it: a kind of actor and an internal id.
  asked_by_kind text not null,
  asked_by_id text not null,
  started_at timestamptz not null,
  -- When it last told how far it had come.
  heard_at timestamptz not null,
  done_bytes bigint not null default 0,
  -- As the server estimates it; null while it is not known.
  total_bytes bigint,
  finished_at timestamptz,
  state text not null check (state in ('running', 'done', 'failed')),
  -- The name of the backup in the repository, once it is whole.
  name text,
  stored_bytes bigint,
  -- Why it failed: a stable code.
  code text,
  check ((state = 'running') = (finished_at is null)),
  check ((state = 'done') = (name is not null)),
  check ((state = 'failed') = (code is not null))
);
create index backup_run_started on backup_run (started_at desc);
create unique index backup_run_one on backup_run ((true)) where state = 'running';

-- Times in which the schedule makes no backups. The log is archived all the same.
create table backup_pause (
  id uuid primary key,
  reason text not null check (reason in ('maintenance', 'load', 'storage', 'investigation')),
  made_by_kind text not null,
  made_by_id text not null,
  made_at timestamptz not null,
  ends_at timestamptz not null,
  ended_at timestamptz,
  ended_by_kind text,
  ended_by_id text,
  check (ends_at > made_at and ends_at <= made_at + interval '7 days'),
  check ((ended_at is null) = (ended_by_kind is null) and (ended_at is null) = (ended_by_id is null))
);
create index backup_pause_open on backup_pause (ends_at) where ended_at is null;

-- The worst lag of each region in an hour, in seconds, and how many samples found nothing to restore. Policy 6.2-b.
create table backup_lag (
  hour timestamptz not null,
  region text not null,
  samples int not null check (samples > 0),
  unknown int not null,
  worst_seconds double precision not null,
  primary key (hour, region)
);
