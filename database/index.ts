/** PostgreSQL itself: the embedded server, numbered migrations, and a fresh database for each test. */
export { dataPlace, startPostgres, type PostgresServer } from './embedded.ts'
export { serveFolder, ServerRefused, type ServedFolder, type ServeOptions } from './served-folder.ts'
export { migrate, MigrationError } from './migrate.ts'
export { testDatabase, type TestDatabase } from './test-database.ts'
export { serverEnvironment, serverUser, type ServerUser } from './server-user.ts'
export { fenceServer } from './fence.ts'
export { BACKUP_USER, ensureBackupUser } from './backup-user.ts'
export {
  becomeStandby,
  endedAt,
  hasCluster,
  hasReplayed,
  isStandby,
  promote,
  serverPlace,
  setAside,
  type ServerPlace,
  type Upstream,
} from './standby.ts'
export { serverAddress, withServer, type ServerAddress } from './server-address.ts'
export { lookAtLink, lookAtServer, takesWrite, type LinkSight, type ServerSight } from './server-sight.ts'
export {
  closeForGood,
  drain,
  makeReadOnly,
  makeWritable,
  openForWrites,
  promoteHere,
  withClaim,
} from './server-change.ts'
