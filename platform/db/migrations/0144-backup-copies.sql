-- What the last copying to each region came to. Policy 6.1-c.
create table backup_copy (
  region text primary key,
  began_at timestamptz not null,
  ended_at timestamptz not null,
  copied int not null,
  bytes bigint not null,
  -- Objects that could not be copied, or whose bytes differ from those of another region, and the name of the first.
  refused int not null,
  first_refused text,
  -- Since when the region lacks something or does not answer; null while it has everything.
  behind_since timestamptz,
  -- Why it could not be looked at: a stable code; null when it could.
  code text,
  check ((refused = 0) = (first_refused is null))
);
