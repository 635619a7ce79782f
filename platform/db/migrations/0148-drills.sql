-- Rehearsals of a disaster: what each point of a drill came to, and what was measured. Policy 6.2-a, 6.2-c.
create table drill (
  id uuid primary key,
  -- What is rehearsed; game days take them in turn.
  type text not null check (type in ('restore', 'region-loss', 'key-loss', 'people-loss')),
  -- Why: a full backup was new, the game day was due, or somebody asked.
  reason text not null check (reason in ('full', 'game-day', 'asked')),
  asked_by_kind text not null,
  asked_by_id text not null,
  -- The newest full backup when it began; null when there was none.
  backup text,
  -- The only region that keys were read from.
  region text,
  began_at timestamptz not null,
  ended_at timestamptz,
  state text not null check (state in ('running', 'passed', 'failed')),
  -- One plain sentence.
  says text,
  -- Fourteen points: number, name, result, what was seen, seconds.
  points jsonb,
  -- Seconds until serving, seconds lost, seconds of the failover, bytes, and what they are projected to.
  figures jsonb,
  check ((state = 'running') = (ended_at is null)),
  check ((state = 'running') = (says is null)),
  check (state <> 'passed' or (points is not null and figures is not null))
);
create index drill_began on drill (began_at desc);
create unique index drill_one on drill ((true)) where state = 'running';

-- Who of the staff took part in a game day and what was found; words and numbers, nothing personal. Policy 6.2-c.
create table drill_sign_off (
  drill uuid not null references drill (id),
  account_id uuid not null,
  signed_at timestamptz not null,
  gaps text[] not null check (gaps <@ array['runbook-unclear', 'person-missing', 'access-missing', 'tool-missing',
    'contact-outdated', 'key-not-found', 'too-slow', 'data-missing']),
  -- The number of the case in which gaps are followed up, where it is kept.
  reference text check (reference ~ '^[0-9A-Za-z][0-9A-Za-z./_-]{0,59}$'),
  primary key (drill, account_id)
);
