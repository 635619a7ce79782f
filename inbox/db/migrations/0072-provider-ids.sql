-- A provider tells nothing of a message that is months old: its look-up value is emptied then, since nothing else is kept of it that a
-- new one could be made from when the key of look-ups is replaced.
create index message_provider_expiry on message (created_at) where provider_index is not null;
