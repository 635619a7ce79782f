-- Restores that were made to prove that a backup comes back. Policy 6.1-a.
create table restore_proof (
  id uuid primary key,
  backup text not null,
  -- Why this one: a full backup was new, the week's turn, or somebody asked.
  reason text not null check (reason in ('full', 'weekly', 'asked')),
  began_at timestamptz not null,
  ended_at timestamptz not null,
  passed boolean not null,
  -- One plain sentence.
  says text not null,
  -- Bytes, pages, rows, ledger entries, seconds of each step.
  facts jsonb not null
);
create index restore_proof_ended on restore_proof (ended_at desc);

-- Restores into a sandbox: a database server that nobody but the machine's own users can reach, for a day.
create table sandbox (
  id uuid primary key,
  -- The account that asked.
  asked_by uuid not null,
  asked_at timestamptz not null,
  -- The moment to restore to; null: the last byte.
  target timestamptz,
  region text,
  state text not null check (state in ('restoring', 'ready', 'failed', 'removed')),
  step text not null,
  done_bytes bigint not null default 0,
  total_bytes bigint,
  bytes_per_second bigint not null default 0,
  seconds_left bigint,
  -- Why it failed or was removed, in one plain sentence.
  says text,
  -- What the restore said of itself.
  facts jsonb,
  ready_at timestamptz,
  expires_at timestamptz not null,
  removed_at timestamptz
);
create index sandbox_asked on sandbox (asked_at desc);
