-- What a directory presents as a bearer token to provision people of one workspace; stored only as a hash.
create table directory_token (
  id uuid primary key,
  workspace_id uuid not null references workspace on delete cascade,
  account_id uuid not null references account on delete cascade,
  -- Envelope under the workspace's key.
  label bytea not null,
  -- The first characters, to tell tokens apart in a list.
  hint text not null,
  token_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  check (expires_at <= created_at + interval '366 days')
);
create index directory_token_workspace on directory_token (workspace_id);
create index directory_token_account on directory_token (account_id);

-- A person as a directory describes one; the account is joined when that person takes the invitation up.
create table directory_user (
  id uuid primary key,
  workspace_id uuid not null references workspace on delete cascade,
  account_id uuid references account on delete set null,
  -- Blind indexes: of names under the workspace's key, of the address under the provider's.
  user_name_index bytea not null,
  external_id_index bytea,
  email_indexes bytea[] not null default '{}',
  account_email_index bytea,
  active boolean not null,
  -- Envelope under the workspace's key: every attribute, as JSON.
  content bytea not null,
  version int not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (workspace_id, user_name_index)
);
create index directory_user_page on directory_user (workspace_id, id);
create index directory_user_external on directory_user (workspace_id, external_id_index);
create index directory_user_email on directory_user using gin (email_indexes);
create unique index directory_user_account on directory_user (workspace_id, account_id) where account_id is not null;

create table directory_group (
  id uuid primary key,
  workspace_id uuid not null references workspace on delete cascade,
  display_name_index bytea not null,
  external_id_index bytea,
  -- The role that members of the group are given.
  role text,
  content bytea not null,
  version int not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index directory_group_page on directory_group (workspace_id, id);

create table directory_member (
  workspace_id uuid not null references workspace on delete cascade,
  group_id uuid not null references directory_group on delete cascade,
  user_id uuid not null references directory_user on delete cascade,
  -- Envelope of how the directory shows the member, if it says.
  display bytea,
  primary key (group_id, user_id)
);
create index directory_member_user on directory_member (user_id);

-- A personnel system that tells who joins, moves and leaves.
create table personnel_connection (
  id uuid primary key,
  workspace_id uuid not null references workspace on delete cascade,
  account_id uuid not null references account on delete cascade,
  label bytea not null,
  -- Envelope: what messages are signed with.
  secret bytea not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index personnel_connection_workspace on personnel_connection (workspace_id);

create table personnel_event (
  workspace_id uuid not null references workspace on delete cascade,
  connection_id uuid not null references personnel_connection on delete cascade,
  -- Blind index of the id that the personnel system gave it.
  event_index bytea not null,
  kind text not null check (kind in ('joined', 'moved', 'left')),
  received_at timestamptz not null,
  effective_at timestamptz not null,
  done_at timestamptz,
  outcome text,
  -- Envelope under the workspace's key.
  content bytea not null,
  id uuid primary key,
  unique (connection_id, event_index)
);
create index personnel_event_due on personnel_event (effective_at) where done_at is null;

-- A link that lets somebody who comes back choose a new password and a new second factor.
alter table link add column account_id uuid references account on delete cascade;
alter table link drop constraint link_kind_check;
alter table link add constraint link_kind_check check (kind in ('first-administrator', 'invitation', 'return'));

call put_behind_wall('directory_member', 'workspace_id');
call put_behind_wall('personnel_event', 'workspace_id');
