-- Somebody who is being erased: credentials end as those of a leaver do, and the account is removed after them.
alter table leaver drop constraint leaver_reason_check,
  add constraint leaver_reason_check
    check (reason in ('directory', 'personnel', 'manual', 'review', 'removed', 'reconciled', 'erasure'));
