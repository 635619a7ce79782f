import { open } from 'node:fs/promises'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  DatabaseManifestError,
  fileChecker,
  readDatabaseManifest,
  type FileChecker,
} from './database-manifest.ts'
import { FolderWriter, type FolderRequest, type FolderResult } from './folder-writer.ts'
import { IncrementalFileError } from './incremental-file.ts'
import { inParallel, readAhead } from './in-parallel.ts'
import { RepositoryError, type BackupManifest, type OnProgress } from './model.ts'
import { repositoryPaths } from './paths.ts'
import type { Repository } from './repository-model.ts'
import { TarError, TarReader } from './tar.ts'
import type { WalPlan } from './wal-model.ts'

const syncsAtOnce = 8
const segmentsAhead = 3

/** How a chain becomes a data folder. */
export interface ExtractRequest {
  readonly repository: Repository
  /** The full backup and its incrementals, oldest first. */
  readonly chain: readonly BackupManifest[]
  /** Empty or absent; after a failure what it holds is of no use. */
  readonly into: string
  /** The folder for a tablespace; without it a cluster with tablespaces is refused. */
  readonly tablespace?: (oid: string) => string | null
  /** `checksums` also compares every file with the checksum of the database's manifest; sizes are always compared. */
  readonly compare?: 'sizes' | 'checksums'
  /** Whether to wait until everything is on the disk; true by default. */
  readonly durable?: boolean
  readonly region?: string
  readonly onProgress?: OnProgress
}

/** Writes an archive, as it arrives, below a folder; `TarError` and `IncrementalFileError` when it is not what it should be. */
export async function extractArchive(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  request: FolderRequest,
): Promise<FolderResult> {
  const writer = new FolderWriter(request)
  const reader = new TarReader(writer)
  try {
    for await (const chunk of chunks) reader.write(chunk)
    reader.end()
    return writer.finish()
  } catch (error) {
    writer.abandon()
    throw error
  }
}

/**
 * Writes the state of the last backup of a chain: the full one, then each incremental into it, as `pg_combinebackup` would
 * combine them. Throws `RepositoryError` with the object whose contents do not fit.
 */
export async function extractChain(
  request: ExtractRequest,
): Promise<{ readonly bytes: number; readonly files: number }> {
  const files = new Set<string>()
  const folders = new Set<string>()
  let bytes = 0
  for (const manifest of request.chain)
    for (const result of await extractBackup(request, manifest)) {
      bytes += result.bytes
      for (const file of result.files) files.add(file)
      for (const folder of result.folders) folders.add(folder)
    }
  if (request.durable !== false) await syncAll([...files, ...folders])
  return { bytes, files: files.size }
}

async function extractBackup(request: ExtractRequest, manifest: BackupManifest): Promise<FolderResult[]> {
  const { repository, region } = request
  const from = region === undefined ? {} : { region }
  const paths = repositoryPaths(manifest.system)
  try {
    const database = readDatabaseManifest(await repository.readDatabaseManifest(manifest, from))
    if (database.system !== null && database.system !== manifest.system)
      throw new RepositoryError('foreign', manifest.databaseManifest.path)
    const checker = fileChecker(database, request.compare !== 'checksums')
    const results: FolderResult[] = []
    for (const { name } of manifest.archives) results.push(await extractOne(request, manifest, name, checker))
    checker.complete()
    return results
  } catch (error) {
    if (error instanceof DatabaseManifestError)
      throw new RepositoryError('damaged', manifest.databaseManifest.path, error)
    throw error instanceof TarError || error instanceof IncrementalFileError
      ? new RepositoryError('damaged', paths.manifest(manifest.name), error)
      : error
  }
}

function extractOne(
  request: ExtractRequest,
  manifest: BackupManifest,
  archive: string,
  checker: FileChecker,
): Promise<FolderResult> {
  const { repository, into, tablespace, region, onProgress } = request
  const oid = archive === 'base.tar' ? null : archive.replace(/\.tar$/, '')
  const folder = oid === null ? into : (tablespace?.(oid) ?? null)
  if (folder === null) throw new TarError(`there is no folder for tablespace ${oid}`)
  const chunks = repository.readArchive(manifest, archive, {
    ...(region === undefined ? {} : { region }),
    ...(onProgress === undefined ? {} : { onProgress }),
  })
  return extractArchive(chunks, {
    folder,
    onto: manifest.kind === 'incremental',
    checker,
    tablespace,
    prefix: oid === null ? '' : `pg_tblspc/${oid}/`,
  })
}

/** Writes the log of a plan into `pg_wal` of a data folder, with the histories that its timeline needs. */
export async function extractWal(request: {
  readonly repository: Repository
  readonly plan: WalPlan
  readonly into: string
  readonly durable?: boolean
  readonly region?: string
  readonly onProgress?: OnProgress
}): Promise<{ readonly segments: number; readonly bytes: number }> {
  const { repository, plan, onProgress = () => {} } = request
  const from = request.region === undefined ? {} : { region: request.region }
  const folder = join(request.into, 'pg_wal')
  mkdirSync(join(folder, 'archive_status'), { recursive: true, mode: 0o700 })
  const written: string[] = []
  for (const timeline of plan.histories) {
    const name = `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`
    written.push(join(folder, name))
    writeFileSync(join(folder, name), await repository.readHistory(timeline, from), { mode: 0o600 })
  }
  const totalBytes = plan.segments.length * plan.segmentBytes
  let doneBytes = 0
  const read = async (segment: WalPlan['segments'][number]): Promise<[string, Buffer]> => [
    segment.segment,
    await repository.readSegment(segment, from),
  ]
  for await (const [segment, bytes] of readAhead(plan.segments, segmentsAhead, read)) {
    written.push(join(folder, segment))
    writeFileSync(join(folder, segment), bytes, { mode: 0o600 })
    doneBytes += bytes.length
    onProgress({ step: 'wal', doneBytes, totalBytes })
  }
  if (request.durable !== false) await syncAll([...written, folder])
  return { segments: plan.segments.length, bytes: doneBytes }
}

/** Waits until files and the folders that name them are on the disk. */
async function syncAll(paths: readonly string[]): Promise<void> {
  await inParallel(paths, syncsAtOnce, async (path) => {
    const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
      // A file of an earlier backup of the chain that a later one dropped.
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (file === null) return
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  })
}
