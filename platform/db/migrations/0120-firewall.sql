-- What the firewall refused, or would have refused: enough to explain it and to try an exclusion on it. Everything that came with
-- the request, its excerpts and the address it came from are sealed together; rows are removed after a while and above a number.
create table blocked_request (
  id uuid primary key,
  at timestamptz not null,
  outcome text not null check (outcome in ('blocked', 'would-block')),
  method text not null,
  -- The declared pattern, never the path.
  route text not null,
  -- The first rule that saw something.
  rule bigint not null,
  message text not null,
  -- Every rule that took part.
  rules bigint[] not null,
  score int not null,
  -- The set of rules that judged.
  fingerprint text not null,
  -- Envelope under the provider's key.
  sealed bytea not null
);
create index blocked_request_at on blocked_request (at desc, id desc);
create index blocked_request_rules on blocked_request using gin (rules);
