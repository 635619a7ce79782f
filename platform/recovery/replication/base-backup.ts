import { parseLsn } from '#backup'
import type { ReplicationConnection, TextRow } from './connection.ts'
import { ReplicationError } from './errors.ts'
import { readBackupMessage } from './wire.ts'

/** Takes the archives of a base backup as they arrive. A promise holds the server back until it settles; its failure ends the backup. */
export interface ArchiveSink {
  archive(name: string): Promise<void> | undefined
  /** The bytes are overwritten after the call: what is kept of them is copied in it. */
  data(bytes: Buffer): Promise<void> | undefined
  progress(doneBytes: number, totalBytes: number | null): void
}

/** What to ask the server for. */
export interface BaseBackupRequest {
  readonly label: string
  /** The `backup_manifest` of the backup that this one adds to; null: a full one. */
  readonly parentManifest: Buffer | null
}

/** What the server said of the base backup that it sent. */
export interface BaseBackupEnds {
  readonly start: bigint
  readonly end: bigint
  readonly timeline: number
  /** PostgreSQL's own `backup_manifest`. */
  readonly manifest: Buffer
}

/** Pieces in which the manifest of the parent is sent. */
const UPLOAD_PIECE_BYTES = 1 << 20

async function uploadManifest(connection: ReplicationConnection, manifest: Buffer): Promise<void> {
  await connection.run({
    text: 'UPLOAD_MANIFEST',
    onOpen: (wire) => {
      for (let at = 0; at < manifest.length; at += UPLOAD_PIECE_BYTES)
        wire.send(manifest.subarray(at, at + UPLOAD_PIECE_BYTES))
      wire.done()
    },
  })
}

/** The command; the label is ours and holds nothing that would have to be escaped. */
function command(request: BaseBackupRequest): string {
  if (!/^[\w-]{1,60}$/.test(request.label))
    throw new Error('the label of a backup holds something else than a name')
  const options = [
    `LABEL '${request.label}'`,
    'PROGRESS true',
    "CHECKPOINT 'fast'",
    // The log comes through the slot.
    'WAL false',
    "MANIFEST 'yes'",
    "MANIFEST_CHECKSUMS 'CRC32C'",
    ...(request.parentManifest === null ? [] : ['INCREMENTAL']),
  ]
  return `BASE_BACKUP (${options.join(', ')})`
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** Holds the server back while anything that was handed on is not done yet, and ends the connection when that fails. */
function backpressure(connection: ReplicationConnection): {
  readonly after: (work: Promise<void> | undefined) => void
  readonly settled: () => Promise<unknown>
} {
  const open = new Set<Promise<void>>()
  const after = (work: Promise<void> | undefined): void => {
    if (work === undefined) return
    if (open.size === 0) connection.pause()
    open.add(work)
    const release = (): void => {
      open.delete(work)
      if (open.size === 0) connection.resume()
    }
    work.then(release, (error: unknown) => connection.destroy(asError(error)))
  }
  return { after, settled: () => Promise.all(open) }
}

/**
 * Makes the server send a backup of the whole cluster. Throws `ReplicationError`, or what the sink failed with; nothing of
 * a backup that was cut off counts.
 */
export async function baseBackup(
  connection: ReplicationConnection,
  request: BaseBackupRequest,
  sink: ArchiveSink,
): Promise<BaseBackupEnds> {
  if (request.parentManifest !== null) await uploadManifest(connection, request.parentManifest)
  const flow = backpressure(connection)
  const manifest: Buffer[] = []
  let totalBytes: number | null = null
  // The second result set names every tablespace with its kilobytes.
  const onRow = (row: TextRow, set: number): void => {
    if (set === 1 && row[2] !== null) totalBytes = (totalBytes ?? 0) + Number(row[2]) * 1024
  }
  const progress = (doneBytes: number): void => sink.progress(doneBytes, totalBytes)
  const take = messageTaker({ ...sink, progress }, flow.after, manifest)
  let failed = false
  const onData = (message: Buffer): void => {
    if (failed) return
    try {
      take(message)
    } catch (error) {
      failed = true
      connection.destroy(asError(error))
    }
  }
  const sets = await connection.run({ text: command(request), onRow, onData })
  await flow.settled()
  return ends(sets, Buffer.concat(manifest))
}

/** Hands each message on: archives to the sink, the database's manifest into `manifest`. */
function messageTaker(
  sink: Omit<ArchiveSink, 'progress'> & { progress(doneBytes: number): void },
  after: (work: Promise<void> | undefined) => void,
  manifest: Buffer[],
): (message: Buffer) => void {
  let inManifest = false
  return (message) => {
    const read = readBackupMessage(message)
    if (read.kind === 'archive') {
      inManifest = false
      after(sink.archive(read.name))
    } else if (read.kind === 'manifest') inManifest = true
    else if (read.kind === 'progress') sink.progress(read.doneBytes)
    else if (inManifest) manifest.push(Buffer.from(read.bytes))
    else after(sink.data(read.bytes))
  }
}

function ends(sets: readonly (readonly TextRow[])[], manifest: Buffer): BaseBackupEnds {
  const [start, timeline] = sets[0]?.[0] ?? []
  const [end] = sets.at(-1)?.[0] ?? []
  if (typeof start !== 'string' || typeof end !== 'string' || sets.length < 3 || manifest.length === 0)
    throw new ReplicationError('protocol')
  return { start: parseLsn(start), end: parseLsn(end), timeline: Number(timeline), manifest }
}
