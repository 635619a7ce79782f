-- What is kept of a change between two servers of the operator's own, beyond that of two folders on one machine. Policy 6.2-d.
alter table database_change
  -- Who made the old server take no further write: the supervisor, which ended it; itself, read-only and then closed; the
  -- operator's program; or somebody else, who promoted the new one without us.
  add column fenced_by text not null default 'ended'
    check (fenced_by in ('ended', 'read-only', 'command', 'somebody-else')),
  -- That of the new server; null for the embedded ones.
  add column timeline integer,
  -- As the operator stated them when it happened.
  add column from_region text,
  add column to_region text,
  add check ((fenced_by = 'ended') = (timeline is null)),
  add check ((timeline is null) = (from_region is null)),
  add check ((timeline is null) = (to_region is null));
