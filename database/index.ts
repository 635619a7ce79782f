/** PostgreSQL itself: the embedded server, numbered migrations, and a fresh database for each test. */
export { dataPlace, startPostgres, type PostgresServer } from './embedded.ts'
export { serveFolder, ServerRefused, type ServedFolder, type ServeOptions } from './served-folder.ts'
export { migrate, MigrationError } from './migrate.ts'
export { testDatabase, type TestDatabase } from './test-database.ts'
export { BACKUP_USER, ensureBackupUser } from './backup-user.ts'
