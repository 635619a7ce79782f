import { existsSync } from 'node:fs'
import { appendFile, chown, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { dataPlace, makePrivate } from './embedded.ts'
import { serverUser } from './server-user.ts'

/** Where a standby gets its log from. */
export interface Upstream {
  /** The socket folder of the server that takes writes. */
  readonly socketFolder: string
  readonly user: string
  readonly password: string
  readonly slot: string
}

/** A value of a configuration file of PostgreSQL. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A value inside of a connection string (PostgreSQL, chapter 32.1.1). */
function connectionValue(text: string): string {
  return `'${text.replaceAll(/['\\]/g, (one) => `\\${one}`)}'`
}

async function giveAway(folder: string, user: { readonly uid: number; readonly gid: number }): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (!entry.isSymbolicLink()) await chown(join(entry.parentPath, entry.name), user.uid, user.gid)
}

/**
 * Makes a copied cluster a standby: it follows `upstream` from its next start on. The password stands in a file of the
 * server alone, not in its arguments, which every user of the machine may read. Policy 6.2-d.
 */
export async function becomeStandby(dataFolder: string, upstream: Upstream): Promise<void> {
  const { socketFolder, user, password, slot } = upstream
  const connection = [
    `host=${connectionValue(socketFolder)}`,
    `user=${connectionValue(user)}`,
    `password=${connectionValue(password)}`,
    `application_name=${connectionValue(slot)}`,
  ].join(' ')
  const settings = [`primary_conninfo = ${quoted(connection)}`, `primary_slot_name = ${quoted(slot)}`]
  await appendFile(join(dataFolder, 'postgresql.auto.conf'), `${settings.join('\n')}\n`, { mode: 0o600 })
  await writeFile(join(dataFolder, 'standby.signal'), '', { mode: 0o600 })
  const owner = await serverUser()
  await makePrivate(dataFolder, owner)
  if (owner !== null) await giveAway(dataFolder, owner)
}

/** Whether a data folder belongs to a standby, or to a server that was never promoted. */
export async function isStandby(folder: string): Promise<boolean> {
  return existsSync(join(await dataPlace(folder), 'standby.signal'))
}

/** Whether there is a data folder of a server. */
export async function hasCluster(folder: string): Promise<boolean> {
  return existsSync(join(await dataPlace(folder), 'PG_VERSION'))
}

/** Moves the data of a server that must not start again out of its place; one kept from an earlier time is removed. */
export async function setAside(folder: string): Promise<string | null> {
  const place = await dataPlace(folder)
  if (!existsSync(place)) return null
  const aside = `${place}.fenced`
  await rm(aside, { recursive: true, force: true })
  await rename(place, aside)
  return aside
}

/** How far a server is: whether it follows another one, and up to where. LSNs are PostgreSQL's text. */
export interface ServerPlace {
  readonly standby: boolean
  readonly lsn: string | null
}

/** Asks a server how far it is; null when it does not answer. */
export async function serverPlace(url: string): Promise<ServerPlace | null> {
  return asked(url, async (client) => {
    const { rows } = await client.query<{ standby: boolean; lsn: string | null }>(
      `select pg_is_in_recovery() as standby,
         (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end)::text as lsn`,
    )
    return rows[0] ?? null
  })
}

/** Where these stand in `global/pg_control` of every PostgreSQL on this machine: the state, and the place of the last checkpoint. */
const CONTROL = { state: 16, checkpoint: 32, bytes: 40, ended: 1 } as const

/** A place within the last record of a server that was stopped in order: the checkpoint of its end. Throws for any other. */
export async function endedAt(dataFolder: string): Promise<string> {
  const control = await readFile(join(dataFolder, 'global', 'pg_control'))
  const view = new DataView(control.buffer, control.byteOffset, control.length)
  const little = endianness() === 'LE'
  if (control.length < CONTROL.bytes || view.getUint32(CONTROL.state, little) !== CONTROL.ended)
    throw new Error('the server that took writes did not end in order')
  // One more than where it begins: whoever replayed up to its beginning lacks it.
  const at = view.getBigUint64(CONTROL.checkpoint, little) + 1n
  return `${(at >> 32n).toString(16)}/${(at & 0xffffffffn).toString(16)}`.toUpperCase()
}

/** Whether everything up to `lsn` is replayed on a standby. */
export async function hasReplayed(url: string, lsn: string): Promise<boolean> {
  const done = await asked(url, async (client) => {
    const { rows } = await client.query<{ done: boolean | null }>(
      'select pg_last_wal_replay_lsn() >= $1::pg_lsn as done',
      [lsn],
    )
    return rows[0]?.done ?? false
  })
  return done ?? false
}

/** Makes a standby take writes and waits for it; throws when it does not within a minute. */
export async function promote(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query<{ done: boolean }>('select pg_promote(true, 60) as done')
    if (rows[0]?.done !== true) throw new Error('the standby was not promoted within a minute')
  } finally {
    await client.end()
  }
}

async function asked<Result>(
  url: string,
  ask: (client: pg.Client) => Promise<Result>,
): Promise<Result | null> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000, query_timeout: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return await ask(client)
  } catch {
    // Whoever does not answer is not there; the caller decides what that means.
    return null
  } finally {
    await client.end().catch(() => {})
  }
}
