-- Wrong codes at sign-in on a device that the account knows, and wrong codes and passwords within a session that has both
-- factors, are counted there: whoever holds the password alone locks nobody else out.
alter table device
  add code_failures int not null default 0,
  add code_locks int not null default 0,
  add code_locked_until timestamptz;

alter table session
  add code_failures int not null default 0,
  add code_locks int not null default 0,
  add code_locked_until timestamptz,
  add password_failures int not null default 0,
  add password_locks int not null default 0,
  add password_locked_until timestamptz;
