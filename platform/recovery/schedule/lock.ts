import pg from 'pg'

/** The lock that only one process at a time holds while it makes a backup. */
const LOCK = "hashtextextended('surety backup', 0)"

/**
 * Does `work` while no other process does such; returns null when one is at it. The lock ends with its connection, so a
 * process that is killed holds nothing.
 */
export async function oneAtATime<Result>(
  databaseUrl: string,
  work: () => Promise<Result>,
): Promise<Result | null> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'surety backup lock' })
  // A lost connection loses the lock, which another process may then take; the backup itself is whole or not at all.
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query<{ taken: boolean }>(`select pg_try_advisory_lock(${LOCK}) as taken`)
    return rows[0]?.taken === true ? await work() : null
  } finally {
    await client.end().catch(() => {})
  }
}
