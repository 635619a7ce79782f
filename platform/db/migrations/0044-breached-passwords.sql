alter table account
  -- When the service for breached passwords was last asked about the present password; null: it has not answered yet.
  add breach_checked_at timestamptz,
  -- The present password was found among breached ones: until it is changed, a session may change it and nothing else.
  add password_breached_at timestamptz;
