-- Everything the platform stores lives in the schema surety; its objects are named without it.
comment on schema surety is 'Surety platform';
