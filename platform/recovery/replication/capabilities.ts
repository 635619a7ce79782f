import type { DriverCapabilities } from '../driver.ts'
import { connectReplication, type ReplicationConnection } from './connection.ts'
import { asReplicationError, ReplicationError } from './errors.ts'
import { identifySystem, showSetting } from './system.ts'

/** The first major version of PostgreSQL that sends incremental backups. */
const INCREMENTAL_SINCE = 170_000

/** What a server is and how it is set up, as far as backups need to know. */
export interface ServerFacts {
  /** The system identifier, decimal. */
  readonly system: string
  /** `server_version_num`. */
  readonly version: number
  readonly walLevel: string
  /** Whether it summarises its log; false where there is no such setting. */
  readonly summarizes: boolean
}

/** Asks a server over its replication connection. */
export async function serverFacts(connection: ReplicationConnection): Promise<ServerFacts> {
  const { system } = await identifySystem(connection)
  const version = Number(await showSetting(connection, 'server_version_num'))
  const walLevel = await showSetting(connection, 'wal_level')
  const summarizes = version >= INCREMENTAL_SINCE && (await showSetting(connection, 'summarize_wal')) === 'on'
  return { system, version, walLevel, summarizes }
}

/** Asks the server at this address; throws `ReplicationError` with the reason when it lets nobody in. */
export async function factsOf(url: string): Promise<ServerFacts> {
  const connection = await connectReplication(url, 'surety_look')
  try {
    return await serverFacts(connection)
  } finally {
    await connection.end()
  }
}

/** What these facts allow, and in plain sentences what they do not. */
export function capabilitiesOf(facts: ServerFacts): DriverCapabilities {
  const wal = facts.walLevel !== 'minimal'
  const major = Math.floor(facts.version / 10_000)
  const limits = [
    ...(facts.version < INCREMENTAL_SINCE
      ? [
          `PostgreSQL ${major} sends no incremental backups, which came with PostgreSQL 17: every backup is a full one, and the log is archived continuously.`,
        ]
      : facts.summarizes
        ? []
        : ['The server does not summarise its log (summarize_wal is off): every backup is a full one.']),
    ...(wal
      ? []
      : [
          'The server writes too little into its log to archive it (wal_level is minimal): no moment between two backups can be restored.',
        ]),
  ]
  return { incremental: facts.summarizes, wal, pointInTime: wal, standby: wal, limits }
}

/** What the server at this address allows; a refusal of its own is a limit like any other. */
export async function capabilitiesAt(url: string): Promise<DriverCapabilities> {
  try {
    return capabilitiesOf(await factsOf(url))
  } catch (error) {
    const refusal = asReplicationError(error)
    if (!(refusal instanceof ReplicationError)) throw error
    return { incremental: false, wal: false, pointInTime: false, standby: false, limits: [refusal.message] }
  }
}
