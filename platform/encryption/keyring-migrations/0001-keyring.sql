-- The keyring: every key, wrapped, in a database of its own, so that no backup of the data holds one. Policy 2.3-a.2.
comment on schema keyring is 'Surety keyring';

-- Programs work as this role, which reads and adds keys and destroys them, and can never remove the trace of one.
do $$
begin
  if not exists (select from pg_roles where rolname = 'surety_keyring') then
    begin
      create role surety_keyring nologin;
    exception
      -- Another database of this server was faster.
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        raise exception 'the role surety_keyring is missing, and the database user % lacks the privilege CREATEROLE to make it. Let an administrator run: create role surety_keyring nologin; grant surety_keyring to %I;', current_user, current_user;
    end;
  end if;
  if not pg_has_role(current_user, 'surety_keyring', 'member') then
    execute format('grant surety_keyring to %I', current_user);
  end if;
end $$;

-- One key of each tenant, wrapped under the root key; it wraps every other key of that tenant.
create table tenant_key (
  tenant text not null,
  version int not null check (version > 0),
  wrapped bytea not null,
  -- Names the key without telling it; stays when it is destroyed.
  fingerprint text not null,
  -- Which root key wrapped it, by its fingerprint.
  root text not null,
  wrapped_at timestamptz not null,
  created_at timestamptz not null,
  -- A destroyed key leaves its row, so that it is never made again.
  destroyed_at timestamptz,
  primary key (tenant, version),
  check ((destroyed_at is null) = (length(wrapped) > 0))
);
create unique index tenant_key_live on tenant_key (tenant) where destroyed_at is null;

-- What seals and looks up, wrapped under the tenant's key of the version that is named.
create table data_key (
  tenant text not null,
  purpose text not null check (purpose in ('data', 'index')),
  version int not null check (version > 0),
  wrapped bytea not null,
  fingerprint text not null,
  under int not null,
  created_at timestamptz not null,
  destroyed_at timestamptz,
  primary key (tenant, purpose, version),
  check ((destroyed_at is null) = (length(wrapped) > 0))
);

-- The key of one person, so that one person can be forgotten.
create table person_key (
  tenant text not null,
  person text not null,
  wrapped bytea not null,
  fingerprint text not null,
  under int not null,
  created_at timestamptz not null,
  destroyed_at timestamptz,
  primary key (tenant, person),
  check ((destroyed_at is null) = (length(wrapped) > 0))
);

create unique index data_key_fingerprint on data_key (fingerprint);

-- Every use of keys, written where they are handed out and compared with the audit log by its id. Policy 2.3-b.
create table key_access (
  id uuid primary key,
  at timestamptz not null,
  tenant text not null,
  person text,
  action text not null check (action in ('created', 'opened', 'rotated', 'released', 'retired', 'destroyed')),
  -- Set once the event was committed and the use began; a row without it is an intention that came to nothing.
  used_at timestamptz,
  failed_at timestamptz
);
create index key_access_at on key_access (at);

grant usage on schema keyring to surety_keyring;
grant select on all tables in schema keyring to surety_keyring;
grant insert on tenant_key, data_key, person_key, key_access to surety_keyring;
grant update (wrapped, root, wrapped_at, destroyed_at) on tenant_key to surety_keyring;
grant update (wrapped, under, destroyed_at, created_at) on data_key to surety_keyring;
grant update (wrapped, under, destroyed_at) on person_key to surety_keyring;
grant update (used_at, failed_at), delete on key_access to surety_keyring;

-- A destroyed key stays destroyed, whoever asks.
create function stays_destroyed() returns trigger language plpgsql as $$
begin
  raise exception 'a destroyed key stays destroyed';
end $$;
create trigger stays_destroyed before update on tenant_key
  for each row when (old.destroyed_at is not null) execute function stays_destroyed();
create trigger stays_destroyed before update on data_key
  for each row when (old.destroyed_at is not null) execute function stays_destroyed();
create trigger stays_destroyed before update on person_key
  for each row when (old.destroyed_at is not null) execute function stays_destroyed();

-- Bytes of destroyed keys are also cleared from the pages, where the server lets the role do that.
do $$
begin
  if current_setting('server_version_num')::int >= 170000 then
    execute 'grant maintain on tenant_key, data_key, person_key, key_access to surety_keyring';
  end if;
end $$;
