-- How far stored values were moved under the newest keys, by column; a run that was stopped goes on from its block.
create table reencryption (
  -- Schema, table and column.
  store text primary key,
  -- Names the set of older keys that this run leaves behind.
  leaving text not null,
  started_at timestamptz not null,
  -- The first block of the table that was not looked at, and how many there were at the start.
  next_block bigint not null check (next_block >= 0),
  blocks bigint not null check (blocks >= 0),
  moved bigint not null default 0,
  -- Values that did not open; they stay as they are, and so does their key.
  unreadable bigint not null default 0,
  finished_at timestamptz
);

-- Since when no stored value names an older version of a key; it is destroyed once no backup holds such a value either.
create table key_unused (
  fingerprint text primary key,
  tenant text not null,
  version int not null check (version > 0),
  since timestamptz not null
);
alter table key_unused enable row level security;
create policy one_workspace on key_unused to surety_tenant using (tenant = tenant_now()::text);
