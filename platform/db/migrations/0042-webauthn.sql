-- What a session was proved with, in the order of proving, and when a second factor was proved last. Sessions from
-- before this was written down prove a factor again before anything sensitive.
alter table session
  add factors text[] not null default '{}'
    check (factors <@ array['password', 'totp', 'sms', 'webauthn', 'user-verification', 'recovery-code', 'upstream']),
  add proved_at timestamptz;
update session set factors = '{password,totp}' where level = 'full';
update session set factors = '{password}' where level <> 'full';
-- A second wall: whatever a program forgets, nothing is reached with one factor.
alter table session
  add constraint session_full_has_two_factors check (level <> 'full' or cardinality(factors) >= 2);

-- A security key or passkey (W3C Web Authentication). The counter and the flags are those of its last assertion.
create table webauthn_key (
  id uuid primary key,
  account_id uuid not null references account on delete cascade,
  label text not null,
  credential_id bytea not null unique,
  -- COSE_Key, as the authenticator gave it.
  public_key bytea not null,
  counter bigint not null check (counter >= 0),
  transports text[] not null default '{}',
  -- The make of the authenticator; zeros when it does not say.
  aaguid uuid not null,
  -- Whether it was backed up, as a synchronised passkey is.
  backed_up boolean not null,
  -- Whether it asked for a PIN or a biometric when it was set up.
  user_verified boolean not null,
  created_at timestamptz not null,
  last_used_at timestamptz
);
create index webauthn_key_account on webauthn_key (account_id);

-- A challenge is good for one try: it is deleted before the answer is looked at.
create table webauthn_challenge (
  id uuid primary key,
  challenge_hash bytea not null unique,
  purpose text not null check (purpose in ('add', 'sign-in', 'passkey', 'step-up')),
  -- The session that asked; a passkey is asked for before there is one.
  session_id uuid references session on delete cascade,
  expires_at timestamptz not null,
  check ((purpose = 'passkey') = (session_id is null))
);
create unique index webauthn_challenge_session on webauthn_challenge (session_id, purpose);
create index webauthn_challenge_expires on webauthn_challenge (expires_at);

-- What a person did, for the account page of that person.
create index audit_event_account on audit_event (actor_id, written desc)
  where actor_kind = 'account' and kind in ('authentication', 'security');
