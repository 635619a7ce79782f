-- Everything Instant Reply stores lives in the schema inbox.
comment on schema inbox is 'Instant Reply';
