-- When a use was last written, whichever process wrote it: together they write at most once a minute for each session.
alter table session add column seen_written_at timestamptz;
