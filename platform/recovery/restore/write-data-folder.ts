import {
  DatabaseManifestError,
  extractArchive,
  fileChecker,
  giveBack,
  IncrementalFileError,
  readDatabaseManifest,
  RepositoryError,
  TarError,
  type BackupManifest,
  type FileChecker,
  type OnProgress,
  type RecoveryPlan,
  type SealedObject,
} from '#backup'
import { Problem } from '../../kernel/problem.ts'
import { inOrder, type RegionReading } from './region-reading.ts'

/** How many objects are fetched, opened and unpacked at the same time. */
const AHEAD = 4
const BASE = 'base.tar'

/** What writing a data folder needs. */
export interface FolderWork {
  readonly plan: Pick<RecoveryPlan, 'chain'>
  readonly reading: RegionReading
  /** There, and empty. */
  readonly folder: string
  readonly onProgress: OnProgress
}

/**
 * Writes the full backup of a chain into a folder and puts each incremental one over it, every file compared with PostgreSQL's
 * manifest of its backup on the way. Returns the bytes that were unpacked. Policy 6.1-a, 6.1-b.
 */
export async function writeDataFolder(work: FolderWork): Promise<number> {
  const { chain } = work.plan
  const totalBytes = chain.flatMap(objectsOf).reduce((sum, { plainBytes }) => sum + plainBytes, 0)
  let doneBytes = 0
  for (const manifest of chain)
    await writeBackup(work, manifest, (bytes) => {
      doneBytes += bytes
      work.onProgress({ step: manifest.kind, doneBytes, totalBytes })
    })
  return doneBytes
}

function objectsOf(manifest: BackupManifest): readonly SealedObject[] {
  const other = manifest.archives.find(({ name }) => name !== BASE)
  if (other !== undefined)
    throw new Problem(
      'recovery.unreadable',
      `The backup ${manifest.name} has a tablespace (${other.name}), which cannot be restored.`,
    )
  return manifest.archives.flatMap(({ objects }) => objects)
}

/** Unpacks one backup; what does not fit is damage of the object in which it was found. */
async function writeBackup(
  { reading, folder }: FolderWork,
  manifest: BackupManifest,
  told: (bytes: number) => void,
): Promise<void> {
  const objects = objectsOf(manifest)
  const checker = await checkerOf(reading, manifest)
  let at = -1
  const pieces = async function* () {
    for await (const bytes of inOrder(objects, reading.object, AHEAD)) {
      at += 1
      const { length } = bytes
      yield bytes
      // It is written by now, and the next object needs as much.
      giveBack(bytes)
      told(length)
    }
  }
  try {
    await extractArchive(pieces(), { folder, onto: manifest.kind === 'incremental', checker })
    checker.complete()
  } catch (error) {
    const unfit =
      error instanceof TarError ||
      error instanceof IncrementalFileError ||
      error instanceof DatabaseManifestError
    throw unfit ? new RepositoryError('damaged', objects[at]?.path ?? manifest.name, error) : error
  }
}

/** Compares every file with what PostgreSQL says that it sent: its length and its checksum. */
async function checkerOf(
  reading: RegionReading,
  { databaseManifest, system }: BackupManifest,
): Promise<FileChecker> {
  try {
    const listed = readDatabaseManifest(await reading.object(databaseManifest))
    if (listed.system !== null && listed.system !== system)
      throw new RepositoryError('foreign', databaseManifest.path)
    return fileChecker(listed, false)
  } catch (error) {
    if (error instanceof DatabaseManifestError)
      throw new RepositoryError('damaged', databaseManifest.path, error)
    throw error
  }
}
