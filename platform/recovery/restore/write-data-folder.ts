import { readdir, rm, rmdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import {
  IncrementalFileError,
  incrementalFor,
  RepositoryError,
  TarError,
  TarReader,
  type BackupManifest,
  type OnProgress,
  type RecoveryPlan,
} from '#backup'
import { Problem } from '../../kernel/problem.ts'
import { readDatabaseManifest, type ListedFile } from './database-manifest.ts'
import { asFullBackup, folderWriter, UnfitArchive, type Written } from './folder-writer.ts'
import { inOrder, type RegionReading } from './region-reading.ts'

/** How many objects are fetched, opened and unpacked at the same time. */
const AHEAD = 4
const BASE = 'base.tar'

/** What writing a data folder needs. */
export interface FolderWork {
  readonly plan: RecoveryPlan
  readonly reading: RegionReading
  /** There, and empty. */
  readonly folder: string
  readonly onProgress: OnProgress
}

/**
 * Writes the full backup of a plan into a folder and puts each incremental one over it, every file compared with PostgreSQL's
 * manifest of its backup on the way. Returns the bytes that were unpacked. Policy 6.1-a, 6.1-b.
 */
export async function writeDataFolder(work: FolderWork): Promise<number> {
  const { plan, folder } = work
  const totalBytes = plan.chain.flatMap(objectsOf).reduce((sum, { plainBytes }) => sum + plainBytes, 0)
  let doneBytes = 0
  let parent: Written | null = null
  for (const manifest of plan.chain) {
    const told = (bytes: number): void => {
      doneBytes += bytes
      work.onProgress({ step: manifest.kind, doneBytes, totalBytes })
    }
    const written = await writeBackup(work, manifest, told)
    requireListed(manifest, await listedFiles(work.reading, manifest), written)
    if (parent !== null) await removeGone(folder, written)
    parent = written
  }
  asFullBackup(folder)
  return doneBytes
}

function objectsOf(manifest: BackupManifest) {
  const other = manifest.archives.find(({ name }) => name !== BASE)
  if (other !== undefined)
    throw new Problem(
      'recovery.unreadable',
      `The backup ${manifest.name} has a tablespace (${other.name}), which cannot be restored.`,
    )
  return manifest.archives.flatMap(({ objects }) => objects)
}

/** Unpacks one backup; whatever does not fit is damage of the object in which it was found. */
async function writeBackup(
  { reading, folder }: FolderWork,
  manifest: BackupManifest,
  told: (bytes: number) => void,
): Promise<Written> {
  const objects = objectsOf(manifest)
  const writer = folderWriter(folder)
  const reader = new TarReader(writer.sink)
  let at = 0
  const namingObject = (work: () => void): void => {
    try {
      work()
    } catch (error) {
      const unfit =
        error instanceof TarError || error instanceof UnfitArchive || error instanceof IncrementalFileError
      const path = objects[Math.min(at, objects.length - 1)]?.path ?? manifest.name
      throw unfit ? new RepositoryError('damaged', path, error) : error
    }
  }
  for await (const bytes of inOrder(objects, reading.object, AHEAD)) {
    namingObject(() => reader.write(bytes))
    told(bytes.length)
    at += 1
  }
  namingObject(() => reader.end())
  return writer.written
}

async function listedFiles(
  reading: RegionReading,
  { databaseManifest }: BackupManifest,
): Promise<ReadonlyMap<string, ListedFile>> {
  return readDatabaseManifest(await reading.object(databaseManifest), databaseManifest.path)
}

/** What arrived must be what PostgreSQL says that it sent: every file, as long, with the same checksum. */
function requireListed(
  manifest: BackupManifest,
  listed: ReadonlyMap<string, ListedFile>,
  { files }: Written,
): void {
  const bad =
    [...listed].find(([name, file]) => {
      const got = files.get(name)
      return got?.bytes !== file.bytes || (file.crc32c !== null && got.crc32c !== file.crc32c)
    })?.[0] ?? [...files.keys()].find((name) => !listed.has(name))
  if (bad !== undefined)
    throw new RepositoryError(
      'damaged',
      manifest.databaseManifest.path,
      new UnfitArchive(bad, 'is not as PostgreSQL’s manifest says'),
    )
}

/** Removes what an incremental backup does not name any more: tables and databases that were dropped since. */
async function removeGone(folder: string, written: Written): Promise<void> {
  const kept = new Set([...written.files.keys()].map((name) => incrementalFor(name) ?? name))
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const folders: string[] = []
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path)
    if (entry.isDirectory()) {
      if (!written.folders.has(name)) folders.push(path)
    } else if (!kept.has(name)) await rm(path)
  }
  // The deepest first; one that still holds something was not named although its files were.
  for (const path of folders.toSorted((a, b) => b.length - a.length))
    await rmdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY') throw error
    })
}
