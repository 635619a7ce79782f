-- Telephone numbers that text messages with codes go to. A number counts once a code that was sent to it came back.
create table sms_factor (
  id uuid primary key,
  account_id uuid not null references account on delete cascade,
  -- Envelope under the provider's key; look-ups go through the blind index.
  number bytea not null,
  number_index bytea not null,
  -- Country (ISO 3166), or `check` for a number of a check of the system, and the first digits.
  country text not null,
  area text not null,
  created_at timestamptz not null,
  confirmed_at timestamptz,
  -- A number that joined other factors is not accepted at once.
  usable_from timestamptz,
  last_used_at timestamptz,
  -- Consecutive wrong codes from devices that the account does not know; another code sets nothing back.
  code_failures int not null default 0,
  code_locks int not null default 0,
  code_locked_until timestamptz,
  check ((confirmed_at is null) = (usable_from is null))
);
create index sms_factor_account on sms_factor (account_id);

-- Codes that were sent: each belongs to one session, purpose and number, and counts towards the budgets for a day.
create table sms_code (
  id uuid primary key,
  account_id uuid not null references account on delete cascade,
  factor_id uuid references sms_factor on delete set null,
  session_id uuid references session on delete set null,
  workspace_id uuid references workspace on delete set null,
  purpose text not null check (purpose in ('enrol', 'sign-in', 'step-up')),
  -- Keyed hash of the code together with its row, account and session.
  hash bytea not null,
  number_index bytea not null,
  country text not null,
  area text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  voided_at timestamptz
);
create index sms_code_session on sms_code (session_id) where used_at is null and voided_at is null;
create index sms_code_created on sms_code (created_at);

-- Where no codes are sent for a while because too few of those sent came back: a country, or `overall`.
create table sms_closure (
  scope text primary key,
  closed_at timestamptz not null,
  until timestamptz not null
);

-- Whatever stands as a second factor now; what counts factors looks here, so that no kind is forgotten.
create view second_factor as
  select id, account_id, 'totp' as kind, label, created_at,
    case when last_step > 0 then to_timestamp(last_step * 30) end as last_used_at
  from totp_factor where confirmed_at is not null
  union all
  select id, account_id, 'webauthn', label, created_at, last_used_at from webauthn_key
  union all
  select id, account_id, 'sms', null, created_at, null from sms_factor where confirmed_at is not null;

create or replace view second_factor as
  select id, account_id, 'totp' as kind, label, created_at,
    case when last_step > 0 then to_timestamp(last_step * 30) end as last_used_at
  from totp_factor where confirmed_at is not null
  union all
  select id, account_id, 'webauthn', label, created_at, last_used_at from webauthn_key
  union all
  select id, account_id, 'sms', 'Text messages', created_at, last_used_at from sms_factor where confirmed_at is not null;
