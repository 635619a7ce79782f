-- Somebody who left. The steps are kept, so that the work goes on after a crash and the timeline stays readable.
create table leaver (
  id uuid primary key,
  account_id uuid not null references account on delete cascade,
  -- The workspace that was left; null when the provider itself was.
  workspace_id uuid references workspace on delete cascade,
  -- Credentials end in every workspace, not only in this one.
  everywhere boolean not null,
  -- The account was closed for good, so its password and its factors end too.
  closed boolean not null,
  reason text not null check (reason in ('directory', 'personnel', 'manual', 'review', 'removed', 'reconciled')),
  -- What told of it: the id of a token, an event, a review or a person.
  cause text not null,
  -- Who is to own what this person alone owned.
  successor_id uuid references account on delete set null,
  -- When the news reached the system, and when the deny flag stood.
  told_at timestamptz not null,
  denied_at timestamptz not null,
  handed_on_at timestamptz,
  -- Workspaces that nobody owns now.
  ownerless uuid[] not null default '{}',
  finished_at timestamptz,
  -- Credentials that were not refused when they were tried.
  still_live int not null default 0
);
create index leaver_account on leaver (account_id);
create index leaver_told on leaver (told_at);
create unique index leaver_open on leaver (account_id, everywhere, coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'))
  where finished_at is null;

create table leaver_step (
  leaver_id uuid not null references leaver on delete cascade,
  -- The kind of credential.
  kind text not null,
  ended_at timestamptz not null,
  -- Public ids of what was ended.
  ended text[] not null,
  tried_at timestamptz,
  -- What came of trying each again.
  trials jsonb,
  primary key (leaver_id, kind)
);
