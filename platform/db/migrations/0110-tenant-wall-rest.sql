-- Every other table whose rows belong to workspaces. Work for one workspace has no business with most of them: behind the
-- wall they stay closed altogether until a grant opens some columns.
-- These name the provider too, so theirs is a text.
alter table data_key enable row level security;
create policy one_workspace on data_key to surety_tenant using (tenant = tenant_now()::text);
alter table key_access enable row level security;
create policy one_workspace on key_access to surety_tenant using (tenant = tenant_now()::text);

call put_behind_wall('sms_code', 'workspace_id');
call put_behind_wall('upstream_connection', 'workspace_id');
call put_behind_wall('review_campaign', 'workspace_id');
call put_behind_wall('review_item', 'workspace_id');
call put_behind_wall('leaver', 'workspace_id');
call put_behind_wall('directory_token', 'workspace_id');
call put_behind_wall('directory_user', 'workspace_id');
call put_behind_wall('directory_group', 'workspace_id');
call put_behind_wall('personnel_connection', 'workspace_id');
call put_behind_wall('oauth_client', 'workspace_id');
call put_behind_wall('oauth_artifact', 'workspace_id');
