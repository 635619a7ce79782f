-- Roles that a workspace made for itself. What one allows is read at every decision.
create table own_role (
  id uuid primary key,
  workspace_id uuid not null references workspace on delete cascade,
  -- Envelope under the workspace's key.
  name bytea not null,
  permissions text[] not null check (cardinality(permissions) between 1 and 100),
  -- The kinds of work that the role is for.
  job_functions text[] not null check (cardinality(job_functions) between 1 and 20),
  made_by uuid references account on delete set null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  unique (id, workspace_id)
);
create index own_role_workspace on own_role (workspace_id);

-- Kinds of work beside those that every workspace knows, and the built-in roles each may have.
create table job_function (
  workspace_id uuid not null references workspace on delete cascade,
  name text not null check (length(name) between 1 and 60),
  roles text[] not null default '{}' check (roles <@ array['owner', 'admin', 'agent', 'auditor']),
  created_at timestamptz not null,
  primary key (workspace_id, name)
);

-- A role is one of four names, or the id of a role of the same workspace.
alter table membership
  drop constraint membership_role_check,
  add own_role_id uuid generated always as
    (case when role in ('owner', 'admin', 'agent', 'auditor') then null else role::uuid end) stored,
  -- The kind of work that the member does; null when nobody said so.
  add job_function text,
  -- Set for a role outside the map of jobs: from then on it allows nothing.
  add role_until timestamptz,
  -- A suspended member keeps the place and has no rights.
  add suspended_at timestamptz;
update membership set job_function = case role
  when 'owner' then 'management' when 'admin' then 'administration' when 'agent' then 'customer service' else 'audit' end;
alter table membership
  add constraint membership_role_check check (own_role_id is null or role = own_role_id::text),
  add constraint membership_own_role foreign key (own_role_id, workspace_id) references own_role (id, workspace_id),
  add constraint membership_owner_stays check (role <> 'owner' or role_until is null);
create index membership_own_role on membership (own_role_id) where own_role_id is not null;

alter table link
  drop constraint link_role_check,
  add own_role_id uuid generated always as
    (case when role in ('owner', 'admin', 'agent', 'auditor') then null else role::uuid end) stored,
  add job_function text;
alter table link
  add constraint link_role_check check (own_role_id is null or role = own_role_id::text),
  add constraint link_own_role foreign key (own_role_id, workspace_id) references own_role (id, workspace_id);
create index link_own_role on link (own_role_id) where own_role_id is not null;

alter table staff add job_function text;
update staff set job_function = case role
  when 'administrator' then 'platform administration' when 'security-officer' then 'security' else 'audit' end;

-- Who was given which role, when, by whom and by which way. One row is open for whoever holds a role now.
create table role_grant (
  id uuid primary key,
  account_id uuid not null references account on delete cascade,
  -- Null for a role among the provider's staff.
  workspace_id uuid references workspace on delete cascade,
  role text not null,
  job_function text,
  via text not null check (via in ('before', 'founding', 'invitation', 'console', 'scim', 'review', 'leaver')),
  granted_by_kind text not null,
  granted_by text not null,
  granted_at timestamptz not null,
  -- Outside the map of jobs a role has a reason (an envelope under the workspace's key) and an end.
  exception_reason bytea,
  exception_until timestamptz,
  ended_by_kind text,
  ended_by text,
  ended_via text check (ended_via in ('founding', 'invitation', 'console', 'scim', 'review', 'leaver', 'expiry')),
  ended_at timestamptz,
  check ((exception_reason is null) = (exception_until is null)),
  check ((ended_at is null) = (ended_via is null))
);
create unique index role_grant_open on role_grant
  (account_id, coalesce(workspace_id, '00000000-0000-0000-0000-000000000000')) where ended_at is null;
create index role_grant_workspace on role_grant (workspace_id);
insert into role_grant (id, account_id, workspace_id, role, job_function, via, granted_by_kind, granted_by, granted_at)
  select gen_random_uuid(), account_id, workspace_id, role, job_function, 'before', 'system', '', created_at from membership
  union all
  select gen_random_uuid(), account_id, null, role, job_function, 'before', 'system', '', created_at from staff;

-- Two permissions that nobody holds together in a workspace, beside the rules that hold everywhere.
create table duty_rule (
  id uuid primary key,
  workspace_id uuid not null references workspace on delete cascade,
  -- Envelope under the workspace's key.
  name bytea not null,
  one text not null,
  other text not null,
  made_by uuid references account on delete set null,
  created_at timestamptz not null,
  check (one < other),
  unique (workspace_id, one, other)
);

-- The last day on which an account used a permission; the workspace is all zeros for what belongs to none.
create table permission_use (
  account_id uuid not null references account on delete cascade,
  workspace_id uuid not null,
  permission text not null,
  last_day date not null,
  primary key (account_id, workspace_id, permission)
);

-- A key that took the place of another one; the older one ends by itself soon after.
alter table api_key add replaces uuid references api_key on delete set null;
