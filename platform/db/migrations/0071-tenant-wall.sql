-- The second wall between workspaces: work for one workspace runs as the role surety_tenant, which sees the rows of the
-- workspace named by the setting surety.workspace and no others, whatever the statement asks for. Without the setting it
-- sees nothing. The owner of the tables is not held by the policies: it signs people in, sweeps, backs up, and does
-- whatever else belongs to no one workspace.
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

grant usage on schema surety to surety_tenant;

-- The workspace that work is done for; null outside of such work.
create function tenant_now() returns uuid language sql stable as
  $$ select nullif(current_setting('surety.workspace', true), '')::uuid $$;

-- Puts a table behind the wall: the role sees and writes the rows of its own workspace.
create procedure put_behind_wall(name text, workspace_column text) language plpgsql as $$
begin
  execute format('alter table %I enable row level security', name);
  execute format(
    'create policy one_workspace on %I to surety_tenant using (%I = tenant_now()) with check (%I = tenant_now())',
    name, workspace_column, workspace_column
  );
end $$;

call put_behind_wall('workspace', 'id');
call put_behind_wall('membership', 'workspace_id');
call put_behind_wall('link', 'workspace_id');
call put_behind_wall('api_key', 'workspace_id');
call put_behind_wall('session', 'workspace_id');
call put_behind_wall('elevation', 'workspace_id');
call put_behind_wall('own_role', 'workspace_id');
call put_behind_wall('job_function', 'workspace_id');
call put_behind_wall('role_grant', 'workspace_id');
call put_behind_wall('duty_rule', 'workspace_id');
call put_behind_wall('permission_use', 'workspace_id');
call put_behind_wall('audit_event', 'tenant');

-- Accounts belong to no workspace; work for one sees its members, and never what they sign in with.
alter table account enable row level security;
create policy members on account to surety_tenant
  using (exists (select from membership where membership.account_id = account.id));
alter table totp_factor enable row level security;
create policy members on totp_factor to surety_tenant
  using (exists (select from membership where membership.account_id = totp_factor.account_id));

grant select (id, sample, created_at, removed_at, name) on workspace to surety_tenant;
grant select (id, email, display_name, created_at, disabled_at, probe) on account to surety_tenant;
grant select (id, account_id, label, created_at, confirmed_at) on totp_factor to surety_tenant;
grant select on membership, own_role, job_function, role_grant, duty_rule, permission_use to surety_tenant;
grant select (id, kind, workspace_id, role, own_role_id, job_function, email, made_by, created_at, expires_at, used_at, voided_at)
  on link to surety_tenant;
grant select, insert on api_key to surety_tenant;
grant update (revoked_at, expires_at) on api_key to surety_tenant;
-- Events go in and are read; nothing takes one back.
grant select, insert on audit_event to surety_tenant;
