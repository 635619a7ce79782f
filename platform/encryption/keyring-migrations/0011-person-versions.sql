-- Keys of persons have versions, as those of tenants do: they are replaced, and what they sealed moves. Policy 2.3-a.1.
alter table person_key add column version int not null default 1 check (version > 0);
alter table person_key alter column version drop default;
alter table person_key drop constraint person_key_pkey;
alter table person_key add primary key (tenant, person, version);
grant update (created_at) on person_key to surety_keyring;
