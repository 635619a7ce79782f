create table rule (
  workspace_id uuid not null,
  id uuid not null,
  -- Null: every channel.
  channel_id uuid,
  kind text not null check (kind in ('keyword', 'first-message')),
  -- Envelope of JSON: name, words and reply.
  content bytea not null,
  -- 1 is tried first.
  priority int not null,
  cooldown_seconds int not null check (cooldown_seconds >= 0),
  enabled boolean not null,
  version int not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, channel_id) references channel on delete cascade
);

create table conversation (
  workspace_id uuid not null,
  id uuid not null,
  contact_id uuid not null,
  channel_id uuid not null,
  -- bot: rules may answer; human: a person holds it and rules are silent.
  status text not null check (status in ('bot', 'human', 'closed')),
  assignee text,
  -- By the contact's own send time; the provider's window counts from it.
  last_inbound_at timestamptz,
  -- The oldest message that no person has answered.
  waiting_since timestamptz,
  -- When the contact was last told that a machine answers.
  disclosed_at timestamptz,
  opened_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, contact_id) references contact on delete cascade,
  foreign key (workspace_id, channel_id) references channel on delete cascade
);
-- One open conversation for each contact and channel, whatever races.
create unique index conversation_open on conversation (workspace_id, contact_id, channel_id) where status <> 'closed';
create index conversation_queue on conversation (workspace_id, status, waiting_since, id);

create table gate_decision (
  workspace_id uuid not null,
  id uuid not null,
  conversation_id uuid not null,
  author text not null check (author in ('rule', 'person')),
  allowed boolean not null,
  code text not null,
  -- The facts that the gate saw; times, counts and states, no content and no name.
  facts jsonb not null,
  rule_id uuid,
  at timestamptz not null,
  primary key (workspace_id, id),
  foreign key (workspace_id, conversation_id) references conversation on delete cascade
);

create table message (
  workspace_id uuid not null,
  id uuid not null,
  seq bigint generated always as identity,
  conversation_id uuid not null,
  contact_id uuid not null,
  channel_id uuid not null,
  direction text not null check (direction in ('in', 'out')),
  author text not null check (author in ('contact', 'rule', 'person')),
  -- Account or API key that wrote it.
  author_id text,
  rule_id uuid,
  -- The message that a rule answered.
  answers_id uuid,
  -- What the provider calls it: text, image, sticker, …
  type text not null,
  -- Envelope; null when the message has no text.
  body bytea,
  -- Blind index: a provider's message id can hold a telephone number.
  provider_index bytea,
  -- The sender's own key, so that a repeated click sends once.
  client_key uuid,
  gate_decision_id uuid check ((gate_decision_id is not null) = (direction = 'out')),
  status text not null check (status in ('received', 'queued', 'refused', 'sent', 'failed', 'delivered', 'read')),
  error_code text,
  provider text check (provider in ('whatsapp', 'stand-in', 'webchat')),
  sent_at timestamptz not null,
  created_at timestamptz not null,
  primary key (workspace_id, id),
  unique (workspace_id, channel_id, provider_index),
  unique (workspace_id, conversation_id, client_key),
  -- One automatic reply for each message.
  unique (workspace_id, answers_id),
  foreign key (workspace_id, conversation_id) references conversation on delete cascade,
  foreign key (workspace_id, gate_decision_id) references gate_decision on delete cascade
);
create index message_of_conversation on message (workspace_id, conversation_id, seq desc);
create index message_of_contact on message (workspace_id, contact_id, channel_id, seq desc);

-- Messages on their way out; a row leaves with the outcome.
create table outbox (
  workspace_id uuid not null,
  message_id uuid not null,
  -- No sending without a recorded decision.
  gate_decision_id uuid not null,
  attempts int not null default 0,
  next_at timestamptz not null,
  -- While it lies ahead, one process is sending.
  lease_until timestamptz,
  created_at timestamptz not null,
  primary key (workspace_id, message_id),
  foreign key (workspace_id, message_id) references message on delete cascade,
  foreign key (workspace_id, gate_decision_id) references gate_decision on delete cascade
);
create index outbox_due on outbox (next_at);
