import pg from 'pg'

/** The user that backups are taken as: it may replicate and read what the server says of itself, and no table. */
export const BACKUP_USER = 'surety_backup'

/** Connections that backups, the stream of the log and a look at both may have at once. */
const CONNECTIONS_MAX = 8

/**
 * Makes the user of backups, or brings one that is there to the same rights and password; returns its URL. `adminUrl` is
 * that of a superuser. Whatever an earlier process left of commits that wait for the archive is ended: it streams anew.
 */
export async function ensureBackupUser(adminUrl: string, password: string): Promise<string> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query('set synchronous_commit = local')
    const found = await client.query('select 1 from pg_roles where rolname = $1', [BACKUP_USER])
    const rights = `login replication nosuperuser nocreatedb nocreaterole noinherit connection limit ${CONNECTIONS_MAX}`
    await client.query(
      `${found.rowCount === 0 ? 'create' : 'alter'} role ${BACKUP_USER} ${rights} password ${pg.escapeLiteral(password)}`,
    )
    await client.query(`grant execute on function pg_switch_wal() to ${BACKUP_USER}`)
    await client.query('alter system reset synchronous_standby_names')
    await client.query('select pg_reload_conf()')
  } finally {
    await client.end()
  }
  return adminUrl.replace(/\/\/[^@]*@/, `//${BACKUP_USER}:${encodeURIComponent(password)}@`)
}
