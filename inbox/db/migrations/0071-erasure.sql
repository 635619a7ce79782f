-- Since when all that is held of a contact is sealed under the contact's own key; null: some of it may still be under the workspace's.
alter table contact add column keyed_at timestamptz;
-- When the contact was erased: what is left is this row of ids and times.
alter table contact add column erased_at timestamptz;
create index contact_unkeyed on contact (workspace_id, id) where keyed_at is null and state <> 'erased';

-- Messages of erased contacts that the provider may send once more: keyed hashes of the provider's ids, kept as long as it repeats.
create table erased_message (
  workspace_id uuid not null,
  channel_id uuid not null,
  provider_index bytea not null,
  erased_at timestamptz not null,
  primary key (workspace_id, channel_id, provider_index),
  foreign key (workspace_id, channel_id) references channel on delete cascade
);
create index erased_message_expiry on erased_message (erased_at);

alter table erased_message enable row level security;
create policy one_workspace on erased_message to surety_tenant
  using (workspace_id = nullif(current_setting('surety.workspace', true), '')::uuid)
  with check (workspace_id = nullif(current_setting('surety.workspace', true), '')::uuid);
grant select, insert, update, delete on erased_message to surety_tenant;
