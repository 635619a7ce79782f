-- Sensitive permissions for a limited time. A row is a request until somebody decides it, then an elevation until it ends.
create table elevation (
  id uuid primary key,
  kind text not null check (kind in ('approved', 'break-glass')),
  account_id uuid not null references account on delete cascade,
  -- The session that asked: another session of the same person is not elevated by it.
  session_id uuid not null,
  -- For support: the customer's workspace that may be entered.
  workspace_id uuid references workspace on delete cascade,
  permissions text[] not null check (cardinality(permissions) between 1 and 4),
  -- Envelope under the provider's key.
  reason bytea not null,
  minutes int not null check (minutes > 0),
  requested_at timestamptz not null,
  -- Nobody can decide it from then on.
  request_expires_at timestamptz not null,
  decided_by uuid references account on delete set null,
  decided_at timestamptz,
  decision_reason bytea,
  -- Set when it was approved; the limit of the policy in force counts from here at every decision.
  granted_at timestamptz,
  expires_at timestamptz,
  ended_at timestamptz,
  end_reason text check (end_reason in (
    'unanswered', 'denied', 'withdrawn', 'expired', 'ended-early', 'session-ended', 'account-disabled',
    'factors-changed', 'role-lost', 'rights-withdrawn', 'support-refused'
  )),
  -- Break-glass is looked at afterwards by somebody else.
  reviewed_by uuid references account on delete set null,
  reviewed_at timestamptz,
  review_note bytea,
  check ((granted_at is null) = (expires_at is null)),
  check ((ended_at is null) = (end_reason is null)),
  check (kind <> 'approved' or granted_at is null or decided_by is distinct from account_id),
  check (reviewed_by is distinct from account_id or reviewed_by is null),
  check (granted_at is null or expires_at <= granted_at + interval '24 hours')
);
create index elevation_session on elevation (session_id) where ended_at is null;
create index elevation_account on elevation (account_id);
create index elevation_open on elevation (requested_at) where ended_at is null;

-- The customer's owners decide whether the provider's support may enter their workspace.
alter table workspace add column support_access boolean not null default true;
