import {
  type ArchiveWriter,
  type BackupManifest,
  type BackupWriter,
  type OnProgress,
  type Repository,
  formatLsn,
} from '#backup'
import { Problem } from '../../kernel/problem.ts'
import { baseBackup, type ArchiveSink } from './base-backup.ts'
import { serverFacts, type ServerFacts } from './capabilities.ts'
import { connectReplication, type ReplicationConnection } from './connection.ts'
import { ReplicationError } from './errors.ts'
import type { ParentManifests } from './parent-manifests.ts'

/** What taking a backup needs. */
export interface TakeParts {
  readonly url: string
  readonly repository: Repository
  readonly manifests: ParentManifests
}

/** A backup that is whole, and where it lies. */
export interface TakenBackup {
  readonly manifest: BackupManifest
  readonly regions: readonly string[]
}

/** The archives of the server as objects of a backup: one archive at a time, the next once the last is stored. */
function openArchives(writer: BackupWriter, told: (doneBytes: number, totalBytes: number | null) => void) {
  let current: ArchiveWriter | undefined
  let opening: Promise<void> | undefined
  let early: Buffer[] = []
  const next = async (last: ArchiveWriter, name: string): Promise<void> => {
    await last.end()
    current = writer.archive(name)
    opening = undefined
    const arrived = early
    early = []
    for (const bytes of arrived) await current.write(bytes)
  }
  const sink: ArchiveSink = {
    archive: (name) => {
      if (current === undefined) {
        current = writer.archive(name)
        return undefined
      }
      opening = next(current, name)
      return opening
    },
    data: (bytes) => {
      if (opening !== undefined) {
        early.push(Buffer.from(bytes))
        return opening
      }
      if (current === undefined) throw new ReplicationError('protocol')
      return current.write(bytes) ?? undefined
    },
    progress: told,
  }
  const end = async (): Promise<void> => {
    await current?.end()
  }
  return { sink, end }
}

/** The manifest of the parent, or a refusal that says why there can be no incremental backup now. */
async function parentOf(parts: TakeParts, parent: string, facts: ServerFacts): Promise<Buffer> {
  if (!facts.summarizes)
    throw new Problem('recovery.unsupported', 'This database server sends no incremental backups.')
  const manifest = await parts.manifests.read(parent)
  if (manifest === null)
    throw new Problem(
      'recovery.unsupported',
      'The file list of the backup before is not on this machine; the next backup is a full one.',
    )
  return manifest
}

async function take(
  parts: TakeParts,
  connection: ReplicationConnection,
  parent: string | null,
  onProgress: OnProgress,
): Promise<TakenBackup> {
  const facts = await serverFacts(connection)
  if (facts.system !== parts.repository.system) throw new ReplicationError('foreign')
  const parentManifest = parent === null ? null : await parentOf(parts, parent, facts)
  const kind = parent === null ? 'full' : 'incremental'
  const writer = await parts.repository.startBackup({ kind, parent })
  const archives = openArchives(writer, (doneBytes, totalBytes) =>
    onProgress({ step: 'copy', doneBytes, totalBytes }),
  )
  const ends = await baseBackup(connection, { label: writer.name, parentManifest }, archives.sink)
  await archives.end()
  const done = await writer.finish({
    driver: 'replication',
    startLsn: formatLsn(ends.start),
    endLsn: formatLsn(ends.end),
    timeline: ends.timeline,
    serverVersion: facts.version,
    databaseManifest: ends.manifest,
  })
  await parts.manifests.keep(writer.name, ends.manifest)
  return done
}

/**
 * Takes a backup of the whole cluster: a full one, or one of what changed since `parent`. It exists once its signed manifest
 * is stored, which comes last; whatever fails before leaves objects that belong to nothing. Throws `recovery.unsupported`,
 * `recovery.unavailable`.
 */
export async function takeBackup(
  parts: TakeParts,
  parent: string | null,
  onProgress: OnProgress = () => {},
): Promise<TakenBackup> {
  try {
    const connection = await connectReplication(parts.url, 'surety_backup')
    try {
      return await take(parts, connection, parent, onProgress)
    } finally {
      await connection.end()
    }
  } catch (cause) {
    if (cause instanceof ReplicationError) throw new Problem('recovery.unavailable', cause.message, { cause })
    throw cause
  }
}
