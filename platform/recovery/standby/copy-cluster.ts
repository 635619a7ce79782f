import { open } from 'node:fs/promises'
import { TarError, TarReader, FolderWriter, type FolderResult } from '#backup'
import { baseBackup, type ArchiveSink } from '../replication/base-backup.ts'
import { connectReplication, type ReplicationConnection } from '../replication/connection.ts'
import { ReplicationError } from '../replication/errors.ts'
import { dropSlotAt, ensureSlot } from '../replication/system.ts'

/** What a copy of a running cluster is made from, and where it goes. */
export interface CopyRequest {
  /** A user with the right to replicate. */
  readonly url: string
  /** Made here; it must be absent or empty. */
  readonly folder: string
  /** The slot that keeps the log from now on, until the copy streams it. */
  readonly slot: string
}

/** Archives of the server, written as the files that they are. */
function intoFolder(folder: string, told: (doneBytes: number) => void) {
  const writer = new FolderWriter({ folder, onto: false })
  const reader = new TarReader(writer)
  let archives = 0
  const sink: ArchiveSink = {
    archive: (name) => {
      archives += 1
      if (archives > 1) throw new TarError(`${name}: a cluster with tablespaces has no standby made here`)
      return undefined
    },
    data: (bytes) => {
      reader.write(bytes)
      return undefined
    },
    progress: told,
  }
  const end = (): FolderResult => {
    reader.end()
    return writer.finish()
  }
  return { sink, end, abandon: () => writer.abandon() }
}

/** A slot of an earlier copy may have lost its log meanwhile. */
async function freshSlot(url: string, connection: ReplicationConnection, name: string): Promise<void> {
  await dropSlotAt(url, name).catch((error: unknown) => {
    if (!(error instanceof ReplicationError && error.code === 'slot-missing')) throw error
  })
  await ensureSlot(connection, name)
}

/** Files that are made durable at once. */
const SYNCS_AT_ONCE = 8

/** The server syncs only what it changes itself; once it is promoted, nothing else holds the rest. */
async function makeDurable({ files, folders }: FolderResult): Promise<void> {
  const waiting = [...files, ...folders]
  const work = async (): Promise<void> => {
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      const handle = await open(path, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    }
  }
  await Promise.all(Array.from({ length: SYNCS_AT_ONCE }, work))
}

/**
 * Copies a running cluster into a folder of its own, as the beginning of a standby: the log after it comes through the slot,
 * made first so that nothing in between is lost. Throws `ReplicationError` and `TarError`. Policy 6.2-d.
 */
export async function copyCluster(
  request: CopyRequest,
  onProgress: (doneBytes: number) => void = () => {},
): Promise<void> {
  const connection = await connectReplication(request.url, request.slot)
  const into = intoFolder(request.folder, onProgress)
  try {
    await freshSlot(request.url, connection, request.slot)
    await baseBackup(connection, { label: 'standby', parentManifest: null }, into.sink)
    await makeDurable(into.end())
  } catch (error) {
    into.abandon()
    throw error
  } finally {
    await connection.end()
  }
}
