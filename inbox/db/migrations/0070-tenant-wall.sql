-- The second wall between workspaces: work for one workspace runs as the role surety_tenant, which sees the rows of the
-- workspace named by the setting surety.workspace and no others, whatever the statement asks for. Without the setting it
-- sees nothing. The owner of the tables is not held by the policies: it does what belongs to no one workspace.
do $$
declare
  member text := case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end;
  help text := format('Let an administrator of the database run: create role surety_tenant nologin; grant surety_tenant to %I;', current_user);
begin
  if not exists (select from pg_roles where rolname = 'surety_tenant') then
    begin
      create role surety_tenant nologin;
    exception
      -- Another database of this server was faster.
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        raise exception 'the role surety_tenant, which keeps workspaces apart, is missing, and the database user % lacks the privilege CREATEROLE to make it. %', current_user, help;
    end;
  end if;
  if not pg_has_role(current_user, 'surety_tenant', member) then
    begin
      execute format('grant surety_tenant to %I', current_user);
    exception when insufficient_privilege then
      raise exception 'the database user % may not act as the role surety_tenant, which keeps workspaces apart. %', current_user, help;
    end;
  end if;
end $$;

grant usage on schema inbox to surety_tenant;

do $$
declare
  name text;
begin
  foreach name in array array[
    'channel', 'contact', 'contact_identity', 'consent', 'visitor', 'inbound', 'rule', 'conversation', 'gate_decision',
    'message', 'outbox', 'audit_outbox'
  ] loop
    execute format('alter table %I enable row level security', name);
    execute format(
      'create policy one_workspace on %I to surety_tenant
         using (workspace_id = nullif(current_setting(''surety.workspace'', true), '''')::uuid)
         with check (workspace_id = nullif(current_setting(''surety.workspace'', true), '''')::uuid)',
      name
    );
    execute format('grant select, insert, update, delete on %I to surety_tenant', name);
  end loop;
end $$;

-- Events only go in: what waits for the audit log is nobody's to read or take back.
revoke select, update on audit_outbox from surety_tenant;
grant select (workspace_id) on audit_outbox to surety_tenant;

-- The one thing outside of the schema that work for a workspace does; the jobs' own tables stay closed to it.
create function enqueue_job(job text, payload json, run_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if job not in ('intake', 'deliver') then raise exception 'there is no job %', job; end if;
  perform inbox_jobs.add_job(identifier => job, payload => payload, run_at => run_at, max_attempts => 10);
end $$;
revoke all on function enqueue_job(text, json, timestamptz) from public;
grant execute on function enqueue_job(text, json, timestamptz) to surety_tenant;
