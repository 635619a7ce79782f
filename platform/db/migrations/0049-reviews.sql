-- A review of the access rights of a workspace, or (null) of the provider's staff.
create table review_campaign (
  id uuid primary key,
  workspace_id uuid references workspace on delete cascade,
  -- A review that a check of the system made for itself.
  probe boolean not null default false,
  opened_at timestamptz not null,
  due_at timestamptz not null,
  closed_at timestamptz,
  previous_id uuid references review_campaign on delete set null,
  item_count int not null,
  -- SHA-256 over the canonical JSON of all snapshots in their order; the ledger holds it as well.
  snapshot_hash bytea not null,
  -- Grants of the last review that are gone in this one, as snapshots.
  gone jsonb not null default '[]',
  reminded_first_at timestamptz,
  reminded_last_at timestamptz
);
create unique index review_campaign_open on review_campaign
  (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000')) where closed_at is null and not probe;
create index review_campaign_opened on review_campaign (opened_at);

create table review_item (
  id uuid primary key,
  campaign_id uuid not null references review_campaign on delete cascade,
  -- The workspace of the campaign; null for the provider's staff.
  workspace_id uuid references workspace on delete cascade,
  position int not null,
  kind text not null check (kind in ('membership', 'staff', 'api-key', 'client')),
  -- Whose access it is; for a key or a client, whoever made it.
  account_id uuid not null,
  target_id uuid not null,
  -- What a person decides about one by one, never in bulk.
  privileged boolean not null,
  -- The grant as it stood when the review opened; ids and dates, nothing personal.
  snapshot jsonb not null,
  reviewer_id uuid references account on delete set null,
  decision text check (decision in ('keep', 'revoke', 'change', 'exception')),
  decided_at timestamptz,
  -- Null when the deadline decided.
  decided_by uuid references account on delete set null,
  new_role text,
  -- Envelope under the workspace's key, or the provider's.
  reason bytea,
  -- Undecided at the deadline, and nobody else could take the place: decided only after a second warning.
  warned_at timestamptz,
  -- What came of trying each credential that was ended.
  trials jsonb,
  tried_at timestamptz,
  unique (campaign_id, position),
  check ((decision is null) = (decided_at is null)),
  check (decided_by is distinct from account_id or decided_by is null),
  check (reviewer_id is distinct from account_id or reviewer_id is null)
);
create index review_item_reviewer on review_item (reviewer_id) where decided_at is null;
create index review_item_campaign on review_item (campaign_id, position);

-- The snapshot never changes, whoever asks; a decision is made once.
create function review_snapshot_stays() returns trigger language plpgsql as $$
begin
  if (old.campaign_id, old.position, old.kind, old.account_id, old.target_id, old.privileged, old.snapshot)
    is distinct from
    (new.campaign_id, new.position, new.kind, new.account_id, new.target_id, new.privileged, new.snapshot)
  then
    raise exception 'the snapshot of a review cannot be changed';
  end if;
  if old.decided_at is not null
    and (old.decision, old.decided_at, old.new_role, old.reason)
      is distinct from (new.decision, new.decided_at, new.new_role, new.reason)
  then
    raise exception 'a decision of a review cannot be changed';
  end if;
  return new;
end $$;
create trigger review_item_stays before update on review_item for each row execute function review_snapshot_stays();

create function review_campaign_stays() returns trigger language plpgsql as $$
begin
  if (old.workspace_id, old.opened_at, old.item_count, old.snapshot_hash, old.gone)
    is distinct from (new.workspace_id, new.opened_at, new.item_count, new.snapshot_hash, new.gone)
  then
    raise exception 'the snapshot of a review cannot be changed';
  end if;
  return new;
end $$;
create trigger review_campaign_stays before update on review_campaign for each row
execute function review_campaign_stays();
