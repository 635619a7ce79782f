import {
  DatabaseManifestError,
  extractArchive,
  fileChecker,
  IncrementalFileError,
  objectBytesMax,
  readDatabaseManifest,
  RepositoryError,
  summedFiles,
  TarError,
  type BackupManifest,
  type FileChecker,
  type OnProgress,
  type RecoveryPlan,
  type SealedObject,
  type SummedFiles,
  type WriteOut,
} from '#backup'
import { Problem } from '../../kernel/problem.ts'
import { inOrder, type RegionReading } from './region-reading.ts'

/** How many objects are fetched, opened and unpacked at the same time. */
const AHEAD = 4
/** How many objects that are written may still be compared; the memory of each is held so long. */
const COMPARED_BEHIND = 2
const BASE = 'base.tar'

/** What writing a data folder needs. */
export interface FolderWork {
  readonly plan: Pick<RecoveryPlan, 'chain'>
  readonly reading: RegionReading
  /** There, and empty. */
  readonly folder: string
  readonly onProgress: OnProgress
  readonly writeOut?: WriteOut | undefined
}

/**
 * Writes the full backup of a chain into a folder and puts each incremental one over it, every file compared with PostgreSQL's
 * manifest of its backup on the way. Returns the bytes that were unpacked. Policy 6.1-a, 6.1-b.
 */
export async function writeDataFolder(work: FolderWork): Promise<number> {
  const { chain } = work.plan
  const totalBytes = chain.flatMap(objectsOf).reduce((sum, { plainBytes }) => sum + plainBytes, 0)
  let doneBytes = 0
  const sums = summedFiles()
  try {
    for (const manifest of chain)
      await writeBackup(work, manifest, sums, (bytes) => {
        doneBytes += bytes
        work.onProgress({ step: manifest.kind, doneBytes, totalBytes })
      })
  } finally {
    await sums.close()
  }
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
  { reading, folder, writeOut }: FolderWork,
  manifest: BackupManifest,
  sums: SummedFiles,
  told: (bytes: number) => void,
): Promise<void> {
  const objects = objectsOf(manifest)
  const checker = await checkerOf(reading, manifest, sums)
  let at = -1
  const spare: Buffer[] = []
  // Threads write and read it, so that nothing is copied on its way; no object is longer.
  const read = (object: SealedObject): Promise<Buffer> =>
    reading.object(object, spare.pop() ?? Buffer.from(new SharedArrayBuffer(objectBytesMax)))
  const pieces = async function* () {
    const compared: Promise<void>[] = []
    try {
      for await (const bytes of inOrder(objects, read, AHEAD)) {
        at += 1
        const { length } = bytes
        yield bytes
        // It is written by now, and read by nobody once it is compared.
        const comparing = namingObject(objects[at], sums.handOver(bytes)).then(() => reuse(spare, bytes))
        // It is awaited below; until then its failure is not an unhandled one.
        comparing.catch(() => {})
        compared.push(comparing)
        if (compared.length > COMPARED_BEHIND) await compared.shift()
        told(length)
      }
      await Promise.all(compared)
    } finally {
      await Promise.allSettled(compared)
    }
  }
  try {
    await extractArchive(pieces(), { folder, onto: manifest.kind === 'incremental', checker, writeOut })
    checker.complete()
  } catch (error) {
    throw damageIn(objects[at]?.path ?? manifest.name, error)
  }
}

function reuse(spare: Buffer[], { buffer }: Buffer): void {
  if (buffer instanceof SharedArrayBuffer) spare.push(Buffer.from(buffer))
}

/** What does not fit is damage of the object; any other error stays what it is. */
function damageIn(path: string, error: unknown): unknown {
  const unfit =
    error instanceof TarError ||
    error instanceof IncrementalFileError ||
    error instanceof DatabaseManifestError
  return unfit ? new RepositoryError('damaged', path, error) : error
}

async function namingObject(object: SealedObject | undefined, comparing: Promise<void>): Promise<void> {
  try {
    await comparing
  } catch (error) {
    throw damageIn(object?.path ?? '', error)
  }
}

/** Compares every file with what PostgreSQL says that it sent: its length and its checksum. */
async function checkerOf(
  reading: RegionReading,
  { databaseManifest, system }: BackupManifest,
  sums: SummedFiles,
): Promise<FileChecker> {
  try {
    const listed = readDatabaseManifest(await reading.object(databaseManifest))
    if (listed.system !== null && listed.system !== system)
      throw new RepositoryError('foreign', databaseManifest.path)
    return fileChecker(listed, false, sums)
  } catch (error) {
    if (error instanceof DatabaseManifestError)
      throw new RepositoryError('damaged', databaseManifest.path, error)
    throw error
  }
}
