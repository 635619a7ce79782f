-- A program that a workspace registered to act by OAuth 2.0, in its own name or in a person's.
create table oauth_client (
  id uuid primary key,
  workspace_id uuid not null references workspace on delete cascade,
  -- Who registered it; in its own name it may never do more than this person may at the moment.
  account_id uuid not null references account on delete cascade,
  -- Envelope under the workspace's key.
  name bytea not null,
  redirect_uris text[] not null,
  logout_redirect_uris text[] not null,
  backchannel_logout_uri text,
  grant_types text[] not null,
  scopes text[] not null,
  auth_method text not null check (auth_method in ('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none')),
  -- Public keys (RFC 7517) of a client that signs instead of showing a secret.
  public_keys jsonb,
  id_token_algorithm text not null default 'RS256' check (id_token_algorithm in ('RS256', 'ES256', 'EdDSA')),
  -- Whether its tokens are bound to a key of its own (RFC 9449).
  dpop boolean not null default false,
  -- Whether it may look up tokens of the other clients of its workspace (RFC 7662).
  introspects boolean not null default false,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  check (expires_at <= created_at + interval '365 days'),
  check ((auth_method = 'private_key_jwt') = (public_keys is not null))
);
create index oauth_client_workspace on oauth_client (workspace_id);
create index oauth_client_account on oauth_client (account_id);

-- Secrets of a client: while one takes over from another, both are good.
create table oauth_secret (
  id uuid primary key,
  client_id uuid not null references oauth_client on delete cascade,
  hash bytea not null unique,
  -- The first characters, to tell secrets apart in a list.
  hint text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index oauth_secret_client on oauth_secret (client_id);

-- Everything that is issued: codes, tokens, grants, and what a browser's visit is remembered by. An id is a secret, so only
-- its hash is kept.
create table oauth_artifact (
  kind text not null,
  id_hash bytea not null,
  -- Hash of the grant that it came from; the whole grant is revoked at once.
  grant_hash bytea,
  uid_hash bytea,
  client_id uuid references oauth_client on delete cascade,
  -- The person in whose name it acts.
  account_id uuid references account on delete cascade,
  -- The person's session that it lives and dies with.
  session_id uuid references session on delete cascade,
  scopes text[] not null default '{}',
  -- Thumbprint of the key that it is bound to (RFC 9449).
  proof_key text,
  -- The workspace whose key seals the payload; null for the provider's.
  workspace_id uuid references workspace on delete cascade,
  payload bytea,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  consumed_at timestamptz,
  primary key (kind, id_hash)
);
create index oauth_artifact_grant on oauth_artifact (grant_hash) where grant_hash is not null;
create index oauth_artifact_uid on oauth_artifact (uid_hash) where uid_hash is not null;
create index oauth_artifact_account on oauth_artifact (account_id) where account_id is not null;
create index oauth_artifact_client on oauth_artifact (client_id) where client_id is not null;
create index oauth_artifact_expiry on oauth_artifact (expires_at);

-- Keys that sign ID and logout tokens. A key is published before it signs, and stays published after it stopped.
create table oauth_signing_key (
  id text primary key,
  algorithm text not null check (algorithm in ('RS256', 'ES256', 'EdDSA')),
  -- Envelope of the private key (RFC 7517) under the provider's key.
  sealed bytea not null,
  created_at timestamptz not null,
  signs_from timestamptz not null,
  retired_at timestamptz
);
