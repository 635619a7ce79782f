-- Backups that were made, also those removed since; the files themselves are in the backup folder. Policy 6.1-a, 6.1-e.
create table backup (
  -- The name of the backup's folder.
  name text primary key check (name ~ '^[0-9A-Za-z-]+$'),
  -- The moment whose data it holds.
  taken_at timestamptz not null,
  bytes bigint not null,
  -- Names the key that sealed it and says nothing of it.
  key_fingerprint text not null,
  tables int not null,
  row_count bigint not null,
  -- When the retention removed it, and the limit in seconds that was obeyed.
  removed_at timestamptz,
  removed_limit_seconds int,
  check ((removed_at is null) = (removed_limit_seconds is null))
);
create index backup_taken on backup (taken_at desc);
