/** Backups that another program or a provider makes, behind the same interface; tested on answers that were written from their documentation. */
export { openPgBackRestDriver, type PgBackRestParts } from './pgbackrest.ts'
export { openRdsDriver, type RdsParts, type RdsSend } from './rds.ts'
