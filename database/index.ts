/** PostgreSQL itself: the embedded server, numbered migrations, and a fresh database for each test. */
export { startPostgres, type PostgresServer } from './embedded.ts'
export { migrate, MigrationError } from './migrate.ts'
export { testDatabase, type TestDatabase } from './test-database.ts'
