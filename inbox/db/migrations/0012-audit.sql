-- Events on their way to the audit log, written with the change that they report.
create table audit_outbox (
  id uuid primary key,
  seq bigint generated always as identity unique,
  -- Null: the provider's own event, whose body is plain JSON of ids and counts; else an envelope of the workspace.
  workspace_id uuid,
  body bytea not null
);
create index audit_outbox_workspace on audit_outbox (workspace_id);
