-- Keys live in a keyring of their own; what stood here before is carried over at the first start and then removed.
-- What is to be destroyed there: written with whatever ends the data, carried out once that is committed.
create table key_destruction (
  id uuid primary key,
  tenant text not null,
  person text,
  at timestamptz not null,
  done_at timestamptz
);
create index key_destruction_waiting on key_destruction (tenant) where done_at is null;
alter table key_destruction enable row level security;
create policy one_workspace on key_destruction to surety_tenant using (tenant = tenant_now()::text);
