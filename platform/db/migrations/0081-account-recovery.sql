-- Resets of a person's second factors by two people: who asked, who agreed, what became of it.
create table factor_reset (
  id uuid primary key,
  account_id uuid not null references account on delete cascade,
  requested_by uuid references account on delete set null,
  -- Envelope under the provider's key.
  reason bytea not null,
  requested_at timestamptz not null,
  approved_by uuid references account on delete set null,
  approved_at timestamptz,
  ended_at timestamptz,
  end_reason text check (end_reason in ('done', 'cancelled', 'expired')),
  check ((ended_at is null) = (end_reason is null)),
  check (approved_by is distinct from requested_by or approved_by is null)
);
create unique index factor_reset_open on factor_reset (account_id) where ended_at is null;

-- One-time links that go to the owner of an account by letter.
create table account_link (
  id uuid primary key,
  kind text not null check (kind in ('recovery', 'unlock', 'cancel-reset', 'enrol')),
  token_hash bytea not null unique,
  account_id uuid not null references account on delete cascade,
  reset_id uuid references factor_reset on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  voided_at timestamptz,
  check ((kind = 'cancel-reset') = (reset_id is not null))
);
create index account_link_account on account_link (account_id);

alter table account
  -- After a reset the next factor is set up by the one session that showed the link from the letter.
  add enrol_by_link boolean not null default false,
  add enrol_session_id uuid,
  -- Nothing is given to the account for a time before this moment.
  add elevation_barred_until timestamptz;

-- A session can begin with a link from a letter in place of the password; it sets a new one and reaches nothing else.
alter table session drop constraint session_factors_check;
alter table session add constraint session_factors_check
  check (factors <@ array['password', 'totp', 'sms', 'webauthn', 'user-verification', 'recovery-code', 'upstream', 'upstream-second', 'link']);
