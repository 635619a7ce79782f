-- Secrets of the product itself, such as the password of the mail server. Nothing gives a value back but the part that uses it.
create table product_secret (
  name text primary key check (name ~ '^[A-Z][A-Z0-9_]{2,63}$'),
  -- Envelope under the provider's key.
  value bytea not null,
  version int not null check (version > 0),
  first_set_at timestamptz not null,
  set_at timestamptz not null,
  -- Who set it: a kind of actor and an internal id.
  set_by_kind text not null,
  set_by_id text not null
);

-- Servers that tell whether their disks are encrypted, each under a key of its own.
create table server_host (
  name text primary key check (name ~ '^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$'),
  -- Ed25519, SubjectPublicKeyInfo in base64.
  public_key text not null,
  enrolled_at timestamptz not null,
  retired_at timestamptz,
  -- When the newest report was made, by the clock of that server, and when it came here.
  reported_at timestamptz not null,
  received_at timestamptz not null,
  -- The folders with the device that each lies on; paths and device names only.
  report jsonb not null
);
