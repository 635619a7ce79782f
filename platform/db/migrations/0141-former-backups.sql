-- Dumps of every table are made no more; backups are physical, and what they are stands in their signed manifests.
drop table backup;
