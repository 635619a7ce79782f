-- What the keepers of root keys log themselves, compared with the requests that are known here. Policy 2.3-b.
-- When the keeper logged a request; null: its log does not have it (yet).
alter table root_use add column logged_at timestamptz;
create index root_use_request on root_use (request);
create index root_use_unlogged on root_use (root, at) where logged_at is null;

-- How far the log of each keeper was read.
create table root_log (
  root text primary key,
  position text,
  covers_from timestamptz not null,
  read_to timestamptz not null,
  read_at timestamptz not null,
  lost_at timestamptz,
  problem text,
  -- The numbers of which an event told last.
  told text not null default ''
);

-- Uses in a keeper's log under numbers that are not known here.
create table root_stranger (
  root text not null,
  request text not null,
  operation text not null,
  at timestamptz not null,
  caller text,
  -- Whose keys the use was bound to, where it looks like one of ours.
  tenant text,
  primary key (root, request)
);

grant update (logged_at) on root_use to surety_keyring;
grant select, insert, update, delete on root_log, root_stranger to surety_keyring;
