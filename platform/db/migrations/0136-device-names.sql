-- What people call a device of theirs is theirs: it is sealed from now on. Names from before cannot be sealed here and are dropped.
drop view second_factor;
alter table totp_factor drop column label;
alter table webauthn_key drop column label;
-- Envelope under the provider's key; null for a device that was named before.
alter table totp_factor add column label bytea;
alter table webauthn_key add column label bytea;
grant select (label) on totp_factor to surety_tenant;

-- Whatever stands as a second factor now; what counts factors looks here, so that no kind is forgotten.
create view second_factor as
  select id, account_id, 'totp' as kind, label, created_at,
    case when last_step > 0 then to_timestamp(last_step * 30) end as last_used_at
  from totp_factor where confirmed_at is not null
  union all
  select id, account_id, 'webauthn', label, created_at, last_used_at from webauthn_key
  union all
  select id, account_id, 'sms', null, created_at, last_used_at from sms_factor where confirmed_at is not null;
