import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { withServer, type ServerAddress } from './server-address.ts'

/** How long promotion may take (seconds). */
const PROMOTE_SECONDS_MAX = 60
const LOOK_MS = 20

/** Who holds it on the standby may promote it; works on a standby, and ends with its connection. */
const CLAIM = `select pg_try_advisory_lock(hashtextextended('surety failover', 0)) as taken`

/** Works on a server that nobody else changes meanwhile, on one connection; throws when somebody else is at it. */
export function withClaim<Result>(
  address: ServerAddress,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const claimed = async (client: pg.Client): Promise<Result> => {
    const { rows } = await client.query<{ taken: boolean }>(CLAIM)
    if (rows[0]?.taken !== true) throw new Error('somebody else changes the databases at this moment')
    return work(client)
  }
  return withServer(address, claimed, (PROMOTE_SECONDS_MAX + 5) * 1000)
}

/** Makes every new transaction of a server read-only unless it insists; it lasts beyond a start. */
export async function makeReadOnly(address: ServerAddress): Promise<void> {
  await withServer(address, async (client) => {
    await client.query('alter system set default_transaction_read_only = on')
    await client.query('select pg_reload_conf()')
  })
}

/** Takes that back. */
export async function makeWritable(address: ServerAddress): Promise<void> {
  await withServer(address, async (client) => {
    await client.query('alter system reset default_transaction_read_only')
    await client.query('select pg_reload_conf()')
  })
}

/** Ends every connection of clients but this one and those of standbys; how many there were. */
async function endOthers(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ ended: number }>(
    `select count(pg_terminate_backend(pid))::int as ended from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()`,
  )
  return rows[0]?.ended ?? 0
}

/** Where a server stands: its log, and the newest transaction that ended. */
async function standsAt(client: pg.Client): Promise<{ readonly lsn: string; readonly transaction: string }> {
  const { rows } = await client.query<{ lsn: string; transaction: string }>(
    // Behind the head of a page (24 bytes, or 40 in a new file) that holds nothing yet, nobody stands who read all there is.
    `with place as (
       select lsn, mod(lsn - '0/0'::pg_lsn, current_setting('wal_block_size')::int) as within
         from pg_current_wal_insert_lsn() as lsn)
     select (lsn - case when within in (24, 40) then within else 0 end)::text as lsn,
            pg_snapshot_xmax(pg_current_snapshot())::text as transaction
       from place`,
  )
  if (rows[0] === undefined) throw new Error('the server does not say where it stands')
  return rows[0]
}

async function hasAll(standby: pg.Client, lsn: string): Promise<boolean> {
  const { rows } = await standby.query<{ done: boolean | null }>(
    'select pg_last_wal_replay_lsn() >= $1::pg_lsn as done',
    [lsn],
  )
  return rows[0]?.done ?? false
}

/**
 * Ends whoever writes to a read-only server, and waits until its standby has replayed everything: between the last look at
 * its connections and the end no transaction ended there. Returns the number after its newest one; throws when that takes
 * longer than it may.
 */
export async function drain(address: ServerAddress, standby: pg.Client, secondsMax: number): Promise<bigint> {
  const giveUpAt = performance.now() + secondsMax * 1000
  return withServer(address, async (client) => {
    for (;;) {
      const others = await endOthers(client)
      const before = await standsAt(client)
      while (!(await hasAll(standby, before.lsn))) {
        if (performance.now() > giveUpAt) throw new Error('the standby did not receive the last of the log')
        await pause(LOOK_MS)
      }
      const { transaction } = await standsAt(client)
      if (others === 0 && transaction === before.transaction) return BigInt(transaction)
      if (performance.now() > giveUpAt) throw new Error('the server that takes writes did not come to rest')
      await pause(LOOK_MS)
    }
  })
}

/** Promotes the server of this connection and waits until it takes writes. */
export async function promoteHere(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ done: boolean }>(
    `select pg_promote(true, ${PROMOTE_SECONDS_MAX}) as done`,
  )
  if (rows[0]?.done !== true) throw new Error('the standby was not promoted within a minute')
}

/** Opens a promoted server for writes, which it may have been closed to when it was replaced; the newest moment that came over. */
export async function openForWrites(client: pg.Client): Promise<Date | null> {
  await client.query('set default_transaction_read_only = off')
  await client.query('alter system reset default_transaction_read_only')
  await client.query('select pg_reload_conf()')
  const there = await client.query<{ beats: boolean }>(
    `select to_regclass('surety.heartbeat') is not null as beats`,
  )
  if (there.rows[0]?.beats !== true) return null
  return (await client.query<{ at: Date }>('select at from surety.heartbeat')).rows[0]?.at ?? null
}

/** The database from which another one can be closed. */
const MAINTENANCE = 'postgres'

/**
 * Closes the database of a server that was replaced, also to those who insist on writing; it opens again when it is made anew.
 * Returns the number after the newest transaction of somebody else there.
 */
export async function closeForGood(address: ServerAddress): Promise<bigint> {
  return withServer({ ...address, database: MAINTENANCE }, async (client) => {
    await client.query('set default_transaction_read_only = off')
    await client.query(`alter database ${pg.escapeIdentifier(address.database)} with allow_connections false`)
    await endOthers(client)
    // Closing it took one.
    return BigInt((await standsAt(client)).transaction) - 1n
  })
}
