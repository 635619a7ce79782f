-- Letters and text messages on their way out. Recipient and words are sealed together and are gone once the message is delivered
-- or given up; a row keeps what kind of message it was and what became of it.
create table outbox (
  id uuid primary key,
  channel text not null check (channel in ('letter', 'text')),
  kind text not null,
  account_id uuid references account on delete set null,
  -- Envelope under the provider's key of the recipient and the words.
  message bytea,
  -- `kept`: to an address or a number that reaches nobody, where checks of the system look for their own messages.
  state text not null check (state in ('waiting', 'delivered', 'dead', 'kept')),
  tries int not null default 0,
  -- Who took it, and why it was not taken, in fixed words.
  carrier text,
  reason text,
  created_at timestamptz not null,
  -- Nothing is delivered after this moment, e.g. a code that is worth nothing any more.
  good_until timestamptz,
  ended_at timestamptz,
  check ((state in ('waiting', 'kept')) = (message is not null)),
  check ((state in ('delivered', 'dead')) = (ended_at is not null))
);
create index outbox_created on outbox (created_at);
create index outbox_waiting on outbox (created_at) where state = 'waiting';
create index outbox_account on outbox (account_id);
