-- A customer's workspace: one tenant. A removed one keeps its row, without its name, so that its id is never given again.
create table workspace (
  id uuid primary key,
  -- Envelope under the workspace's own key.
  name bytea not null,
  sample boolean not null default false,
  created_at timestamptz not null,
  removed_at timestamptz
);

create table account (
  id uuid primary key,
  -- Envelopes under the provider's key; look-ups go through the blind index.
  email bytea not null,
  email_index bytea not null unique,
  display_name bytea not null,
  password_hash text not null,
  pepper_version int not null,
  password_set_at timestamptz not null,
  created_at timestamptz not null,
  disabled_at timestamptz,
  -- An account that a check of the system made for itself and removes again.
  probe boolean not null default false,
  -- Consecutive wrong passwords from devices that the account does not know, and the lock they lead to.
  password_failures int not null default 0,
  password_locks int not null default 0,
  password_locked_until timestamptz,
  -- The same for codes of the second factor.
  code_failures int not null default 0,
  code_locks int not null default 0,
  code_locked_until timestamptz
);

create table membership (
  account_id uuid not null references account on delete cascade,
  workspace_id uuid not null references workspace on delete cascade,
  role text not null check (role in ('owner', 'admin', 'agent', 'auditor')),
  created_at timestamptz not null,
  primary key (account_id, workspace_id)
);
create index membership_workspace on membership (workspace_id);

create table staff (
  account_id uuid primary key references account on delete cascade,
  role text not null check (role in ('administrator', 'security-officer', 'staff-auditor')),
  created_at timestamptz not null
);

create table totp_factor (
  id uuid primary key,
  account_id uuid not null references account on delete cascade,
  label text not null,
  secret bytea not null,
  -- The last 30-second step whose code was accepted: a code is good once.
  last_step bigint not null default 0,
  created_at timestamptz not null,
  confirmed_at timestamptz
);
create index totp_factor_account on totp_factor (account_id);

create table recovery_code (
  account_id uuid not null references account on delete cascade,
  hash bytea not null,
  created_at timestamptz not null,
  used_at timestamptz,
  primary key (account_id, hash)
);

create table session (
  -- The name of the session in lists; not the token.
  id uuid primary key,
  token_hash bytea not null unique,
  account_id uuid not null references account on delete cascade,
  level text not null check (level in ('password', 'enrolling', 'full')),
  workspace_id uuid references workspace on delete set null,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  -- Envelope of address and device.
  device bytea not null,
  ended_at timestamptz,
  end_reason text check (end_reason in ('signed-out', 'revoked', 'expired', 'replaced', 'withdrawn')),
  check ((ended_at is null) = (end_reason is null))
);
create index session_account on session (account_id) where ended_at is null;

-- A device on which its owner once signed in with both factors; it has its own count of wrong passwords.
create table device (
  id uuid primary key,
  account_id uuid not null references account on delete cascade,
  token_hash bytea not null unique,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  password_failures int not null default 0,
  password_locks int not null default 0,
  password_locked_until timestamptz
);
create index device_account on device (account_id);

create table link (
  id uuid primary key,
  kind text not null check (kind in ('first-administrator', 'invitation')),
  token_hash bytea not null unique,
  workspace_id uuid references workspace on delete cascade,
  role text check (role in ('owner', 'admin', 'agent', 'auditor')),
  email bytea,
  email_index bytea,
  made_by uuid references account on delete cascade,
  probe boolean not null default false,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  voided_at timestamptz,
  check (kind = 'first-administrator' or (workspace_id is not null and role is not null and email is not null and email_index is not null))
);
create index link_workspace on link (workspace_id);

create table api_key (
  id uuid primary key,
  workspace_id uuid not null references workspace on delete cascade,
  account_id uuid not null references account on delete cascade,
  -- Envelope under the workspace's key.
  label bytea not null,
  -- The first characters of the key, to tell keys apart in a list.
  hint text not null,
  token_hash bytea not null unique,
  scopes text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  check (expires_at <= created_at + interval '365 days')
);
create index api_key_workspace on api_key (workspace_id);
create index api_key_account on api_key (account_id);
