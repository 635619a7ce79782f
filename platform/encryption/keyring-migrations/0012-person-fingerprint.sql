-- Values tell the key that sealed them by the first half of its fingerprint; whose key that is is asked when they move.
create index person_key_id on person_key (tenant, substr(fingerprint, 1, 32));
