-- A published version of the policy; rows are only ever added. The signature covers number, time, text and values.
create table policy_version (
  number int primary key check (number > 0),
  previous int references policy_version (number),
  -- [{name, text}], one file a chapter, as published.
  files jsonb not null,
  text_hash bytea not null check (length(text_hash) = 32),
  -- {parameter: words of the text}.
  value_texts jsonb not null,
  -- What changed against the version before, sentence by sentence.
  changes jsonb not null,
  signature bytea not null,
  signer text not null,
  published_at timestamptz not null,
  published_by text not null,
  reason text not null check (length(reason) between 1 and 1000),
  check (previous is not distinct from nullif(number - 1, 0))
);

-- What the published versions amount to, for reading and for comparison; processes obey the signed versions, not this table.
create table policy_in_force (
  parameter text primary key,
  value jsonb not null,
  value_text text not null,
  version int not null references policy_version (number),
  since timestamptz not null,
  -- A weaker value that waits for the end of the notice period.
  pending_value jsonb,
  pending_text text,
  pending_version int references policy_version (number),
  effective_at timestamptz,
  check (num_nulls(pending_value, pending_text, pending_version, effective_at) in (0, 4))
);

-- What each running process says that it obeys.
create table policy_process (
  process uuid primary key,
  role text not null,
  version int not null,
  values_hash bytea not null,
  value_texts jsonb not null,
  seen_at timestamptz not null
);

-- A value that differs from the text, from when it was first seen until it was gone.
create table policy_drift (
  id uuid primary key,
  parameter text not null,
  place text not null,
  expected text not null,
  found text not null,
  since timestamptz not null,
  ended_at timestamptz
);
create unique index policy_drift_open on policy_drift (parameter, place, expected, found) where ended_at is null;

-- What one run of a control saw; rows are only ever added.
create table observation (
  id uuid primary key,
  control text not null,
  clauses text[] not null,
  kind text not null check (kind in ('check', 'known-bad')),
  policy_version int not null references policy_version (number),
  params_hash bytea not null,
  check_code_hash bytea not null,
  observed_at timestamptz not null,
  recorded_at timestamptz not null,
  valid_until timestamptz not null,
  result text not null check (result in ('pass', 'fail')),
  -- A run that threw or took too long saw nothing; as a known-bad run it shows nothing.
  ended text not null check (ended in ('completed', 'error', 'timeout')),
  saw text not null,
  metrics jsonb not null,
  scope jsonb not null,
  duration_ms int not null check (duration_ms >= 0),
  -- The newest known-bad run of the same code when a check was recorded.
  self_test uuid references observation (id)
);
create index observation_newest on observation (control, kind, observed_at desc);
create index observation_result on observation (control, kind, result, observed_at desc);

-- A document that stands behind a clause which no machine can prove; counts once a second person approved it.
create table attestation (
  id uuid primary key,
  clause text not null,
  kind text not null check (kind in ('attested', 'inherited')),
  document_hash bytea not null check (length(document_hash) = 32),
  document_title text not null,
  issuer text not null,
  period_from date not null,
  period_to date not null,
  expires_at timestamptz not null,
  -- The words of the document that support the sentence, and where they stand in it.
  anchor_quote text not null check (length(anchor_quote) > 0),
  anchor_place text not null check (length(anchor_place) > 0),
  owner text not null,
  uploaded_by text not null,
  uploaded_at timestamptz not null,
  approved_by text,
  approved_at timestamptz,
  check (period_from <= period_to),
  check (approved_by is null or approved_by <> uploaded_by),
  check ((approved_by is null) = (approved_at is null))
);
create index attestation_clause on attestation (clause);

-- A promise that is knowingly not kept for a time, shown as such.
create table exception (
  id uuid primary key,
  clause text not null,
  reason text not null check (length(reason) > 0),
  accepted_by text not null,
  accepted_at timestamptz not null,
  until timestamptz not null check (until > accepted_at)
);
create index exception_clause on exception (clause);
