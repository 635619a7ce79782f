-- Data and index keys of each tenant, wrapped under the root key of the key folder. The root key is never stored here.
create table data_key (
  tenant text not null,
  purpose text not null check (purpose in ('data', 'index')),
  version int not null check (version > 0),
  wrapped bytea not null,
  root_fingerprint text not null,
  created_at timestamptz not null,
  -- A destroyed key leaves its row, so that its version is never given again.
  destroyed_at timestamptz,
  primary key (tenant, purpose, version),
  check ((destroyed_at is null) = (length(wrapped) > 0))
);
