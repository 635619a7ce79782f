-- The identity provider through which the people of a workspace may sign in (OpenID Connect).
create table upstream_connection (
  id uuid primary key,
  workspace_id uuid not null unique references workspace on delete cascade,
  issuer text not null,
  client_id text not null,
  -- Envelope under the workspace's own key.
  client_secret bytea not null,
  -- Domains of e-mail addresses that the provider speaks for, in lower case.
  domains text[] not null check (cardinality(domains) between 1 and 20),
  -- What the provider must say to be believed that it asked for two factors, as `acr:…` or `amr:…`; nothing unless told.
  two_factors text[] not null default '{}' check (cardinality(two_factors) <= 20),
  changed_by uuid references account on delete set null,
  created_at timestamptz not null,
  changed_at timestamptz not null
);

-- Whom the provider calls by which name: linked once, by the person, from a session with two factors.
create table upstream_link (
  id uuid primary key,
  connection_id uuid not null references upstream_connection on delete cascade,
  account_id uuid not null references account on delete cascade,
  -- Blind index of issuer and subject.
  subject_index bytea not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  ended_at timestamptz
);
create unique index upstream_link_subject on upstream_link (connection_id, subject_index) where ended_at is null;
create unique index upstream_link_account on upstream_link (connection_id, account_id) where ended_at is null;
create index upstream_link_person on upstream_link (account_id);

-- A way to the provider and back: good once, in the browser that began it.
create table upstream_attempt (
  state_hash bytea primary key,
  browser_hash bytea not null,
  connection_id uuid not null references upstream_connection on delete cascade,
  -- The session that wants to link; null for a sign-in.
  session_id uuid references session on delete cascade,
  -- Envelope under the provider's key of nonce and code verifier.
  secrets bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index upstream_attempt_expires on upstream_attempt (expires_at);

-- A second factor that the provider asked for and that an owner believes it.
alter table session drop constraint session_factors_check;
alter table session add constraint session_factors_check check (factors <@ array['password', 'totp', 'sms', 'webauthn', 'user-verification', 'recovery-code', 'upstream', 'upstream-second']);
