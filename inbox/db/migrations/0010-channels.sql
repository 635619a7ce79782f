-- Every key begins with the workspace, so that an id of another workspace matches nothing, here and in every reference.
create table channel (
  workspace_id uuid not null,
  id uuid not null unique,
  kind text not null check (kind in ('whatsapp', 'webchat')),
  -- Envelope of JSON: the business's name, the automation notice.
  settings bytea not null,
  state text not null check (state in ('ready', 'broken', 'disabled')),
  -- The provider's code that broke the channel.
  broken_code text,
  phone_number_id text check ((phone_number_id is null) = (kind = 'webchat')),
  -- Envelopes; write-only, the API shows their hints.
  app_secret bytea,
  verify_token bytea,
  access_token bytea,
  -- Envelope of JSON: last four characters and fingerprint of each secret.
  secret_hints bytea,
  -- The random id that a web page carries; never the channel's own.
  public_id uuid unique check ((public_id is null) = (kind = 'whatsapp')),
  allowed_origins text[] not null default '{}',
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (workspace_id, id),
  unique (workspace_id, phone_number_id)
);

create table contact (
  workspace_id uuid not null,
  id uuid not null,
  -- Envelope.
  display_name bytea,
  state text not null check (state in ('active', 'blocked', 'erased')),
  created_at timestamptz not null,
  primary key (workspace_id, id)
);

-- A contact is known by what a channel calls them; a telephone number is one kind of name and may be missing.
create table contact_identity (
  workspace_id uuid not null,
  channel_id uuid not null,
  kind text not null check (kind in ('phone', 'bsuid', 'visitor')),
  value_index bytea not null,
  -- Envelope, bound to the contact's id.
  value bytea not null,
  contact_id uuid not null,
  created_at timestamptz not null,
  primary key (workspace_id, channel_id, kind, value_index),
  foreign key (workspace_id, channel_id) references channel on delete cascade,
  foreign key (workspace_id, contact_id) references contact on delete cascade
);
create index contact_identity_contact on contact_identity (workspace_id, contact_id);

-- What contacts said about being written to; never changed, the latest counts.
create table consent (
  workspace_id uuid not null,
  seq bigint generated always as identity,
  channel_id uuid not null,
  contact_id uuid not null,
  state text not null check (state in ('stopped', 'started')),
  message_id uuid not null,
  at timestamptz not null,
  primary key (workspace_id, seq),
  foreign key (workspace_id, channel_id) references channel on delete cascade,
  foreign key (workspace_id, contact_id) references contact on delete cascade
);
create index consent_latest on consent (workspace_id, contact_id, channel_id, seq desc);

-- A visitor of a web chat; the bearer token is kept as its hash.
create table visitor (
  workspace_id uuid not null,
  id uuid not null,
  channel_id uuid not null,
  token_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, channel_id) references channel on delete cascade
);
create index visitor_expiry on visitor (expires_at);

-- What arrived, kept before the sender is told so; a repetition has the same dedupe key.
create table inbound (
  workspace_id uuid not null,
  id uuid not null unique,
  channel_id uuid not null,
  dedupe_key bytea not null,
  -- Envelope; dropped after 72 hours.
  raw bytea,
  received_at timestamptz not null,
  processed_at timestamptz,
  verdict text check (verdict in ('done', 'quarantined')),
  tries int not null default 0,
  primary key (workspace_id, id),
  unique (workspace_id, channel_id, dedupe_key),
  foreign key (workspace_id, channel_id) references channel on delete cascade
);
create index inbound_waiting on inbound (received_at) where processed_at is null;
