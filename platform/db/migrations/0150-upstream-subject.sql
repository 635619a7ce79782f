-- Envelope of what a look-up value was made from, so that it can be made anew when its key is replaced; links from before get
-- theirs at the next sign-in. Policy 2.3-a.1.
alter table upstream_link add column subject bytea;
