-- Whoever changes a session, a role or an account's state tells every process, also by hand or by a statement that
-- forgot to: what processes keep in memory of a session's rights is dropped when this notice comes.
create function tell_session_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('session_revoked', old.id::text);
  return null;
end $$;

-- A use (a later last_seen_at) is no change.
create trigger session_changed after update on session for each row
when (
  (old.token_hash, old.account_id, old.level, old.workspace_id, old.factors, old.proved_at, old.created_at, old.ended_at)
    is distinct from
  (new.token_hash, new.account_id, new.level, new.workspace_id, new.factors, new.proved_at, new.created_at, new.ended_at)
  or new.last_seen_at < old.last_seen_at
)
execute function tell_session_changed();
create trigger session_deleted after delete on session for each row
when (old.ended_at is null)
execute function tell_session_changed();

create function tell_account_rights_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('access_changed', 'account ' || coalesce(new.account_id, old.account_id)::text);
  return null;
end $$;

create trigger membership_changed after insert or update or delete on membership for each row
execute function tell_account_rights_changed();
create trigger staff_changed after insert or update or delete on staff for each row
execute function tell_account_rights_changed();
create trigger elevation_changed after insert or update or delete on elevation for each row
execute function tell_account_rights_changed();

create function tell_account_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('access_changed', 'account ' || new.id::text);
  return null;
end $$;

create trigger account_changed after update on account for each row
when (
  (old.disabled_at, old.password_breached_at) is distinct from (new.disabled_at, new.password_breached_at)
)
execute function tell_account_changed();

create function tell_workspace_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('access_changed', 'workspace ' || new.id::text);
  return null;
end $$;

create trigger workspace_changed after update on workspace for each row
when (old.removed_at is distinct from new.removed_at)
execute function tell_workspace_changed();

create function tell_workspace_rights_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('access_changed', 'workspace ' || old.workspace_id::text);
  return null;
end $$;

create trigger own_role_changed after update or delete on own_role for each row
execute function tell_workspace_rights_changed();

-- Who of the provider's staff may enter is not known by the workspace alone.
create function tell_everybody() returns trigger language plpgsql as $$
begin
  perform pg_notify('access_changed', 'everybody');
  return null;
end $$;

create trigger workspace_support_changed after update on workspace for each row
when (old.support_access is distinct from new.support_access)
execute function tell_everybody();
