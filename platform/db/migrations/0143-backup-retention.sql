-- Spans of time whose backups are kept whatever their age, until somebody lets them go. Policy 6.1-e.
create table backup_hold (
  id uuid primary key,
  reason text not null check (reason in ('litigation', 'investigation', 'authority', 'audit')),
  -- The number of the case where it is kept; nothing personal.
  reference text not null check (reference ~ '^[0-9A-Za-z][0-9A-Za-z./_-]{0,59}$'),
  from_at timestamptz not null,
  -- Null: also what is written from now on.
  to_at timestamptz,
  placed_by_kind text not null,
  placed_by_id text not null,
  placed_at timestamptz not null,
  released_by_kind text,
  released_by_id text,
  released_at timestamptz,
  check (to_at is null or to_at > from_at),
  check ((released_at is null) = (released_by_kind is null) and (released_at is null) = (released_by_id is null))
);
create index backup_hold_open on backup_hold (from_at) where released_at is null;

-- What the retention removed from a region: a signed note, whose hash is in the ledger. Policy 6.1-e.
create table deletion_certificate (
  id uuid primary key,
  region text not null,
  -- The name of a backup; null for the log, files and wraps that went with the backups of their time.
  backup text,
  removed_at timestamptz not null,
  -- The limit that was obeyed.
  limit_seconds int not null,
  objects int not null check (objects > 0),
  bytes bigint not null,
  -- SHA-256 of the manifest that was removed, hexadecimal.
  manifest_hash text check (manifest_hash ~ '^[0-9a-f]{64}$'),
  note text not null,
  check ((backup is null) = (manifest_hash is null))
);
create index deletion_certificate_removed on deletion_certificate (removed_at desc);
create index deletion_certificate_backup on deletion_certificate (backup) where backup is not null;
