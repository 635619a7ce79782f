import { parseLsn } from '#backup'
import { connectReplication, type ReplicationConnection, type TextRow } from './connection.ts'
import { ReplicationError } from './errors.ts'

/** What a server says of itself. */
export interface SystemIdentity {
  /** The system identifier: a number of 64 bits in decimal digits. */
  readonly system: string
  readonly timeline: number
  /** The end of its log on disk. */
  readonly flushed: bigint
}

function only(sets: readonly (readonly TextRow[])[]): TextRow {
  const row = sets[0]?.[0]
  if (row === undefined) throw new ReplicationError('protocol')
  return row
}

function text(row: TextRow, at: number): string {
  const value = row[at]
  if (value === null || value === undefined) throw new ReplicationError('protocol')
  return value
}

/** Asks the server who it is. */
export async function identifySystem(connection: ReplicationConnection): Promise<SystemIdentity> {
  const row = only(await connection.run({ text: 'IDENTIFY_SYSTEM' }))
  return { system: text(row, 0), timeline: Number(text(row, 1)), flushed: parseLsn(text(row, 2)) }
}

/** A setting of the server, as `SHOW` writes it. */
export async function showSetting(connection: ReplicationConnection, name: string): Promise<string> {
  return text(only(await connection.run({ text: `SHOW ${checked(name)}` })), 0)
}

/** Names that stand in commands unquoted; they never come from outside. */
function checked(name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new Error(`not a name for a command: ${name}`)
  return name
}

/** Where a slot stands. */
export interface SlotPlace {
  readonly restart: bigint
  readonly timeline: number
}

/** Where the physical slot `name` stands; null when there is none. */
export async function readSlot(connection: ReplicationConnection, name: string): Promise<SlotPlace | null> {
  const row = only(await connection.run({ text: `READ_REPLICATION_SLOT ${checked(name)}` }))
  const [kind, restart, timeline] = row
  if (kind !== 'physical' || restart === null || restart === undefined) return null
  return { restart: parseLsn(restart), timeline: Number(timeline) }
}

/** Makes the slot `name`, which keeps the log from now on; one that is there is left as it is. */
export async function ensureSlot(connection: ReplicationConnection, name: string): Promise<SlotPlace> {
  const found = await readSlot(connection, name)
  if (found !== null) return found
  await connection.run({ text: `CREATE_REPLICATION_SLOT ${checked(name)} PHYSICAL RESERVE_WAL` })
  const made = await readSlot(connection, name)
  if (made === null) throw new ReplicationError('slot-missing')
  return made
}

/** Removes a slot whose log is gone; the archive has a gap from there to the next backup. */
export async function dropSlotAt(url: string, name: string): Promise<void> {
  const connection = await connectReplication(url, 'surety_slot')
  try {
    await connection.run({ text: `DROP_REPLICATION_SLOT ${checked(name)}` })
  } finally {
    await connection.end()
  }
}

/** The history file of a timeline: from which timelines it came, and where. */
export async function timelineHistory(
  connection: ReplicationConnection,
  timeline: number,
): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const row = only(await connection.run({ text: `TIMELINE_HISTORY ${Math.trunc(timeline)}` }))
  return { name: text(row, 0), bytes: Buffer.from(text(row, 1)) }
}
