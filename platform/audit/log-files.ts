import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { checkpointPath, parseLogPath, type LogFile, type LogReader } from '#ledger'

/** The ledger's folder of files: tiles and bundles are written once, the checkpoint is replaced. */
export interface LogFiles {
  readonly read: LogReader
  /** Writes files durably; a path that exists with other bytes is refused. */
  append(files: readonly LogFile[]): Promise<void>
  publish(checkpoint: string): Promise<void>
}

/** Opens the folder of a ledger. */
export function openLogFiles(folder: string): LogFiles {
  const read: LogReader = (path) =>
    readFile(join(folder, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
  return {
    read,
    append: async (files) => {
      for (const file of files) await writeOnce(folder, file, await read(file.path))
      for (const file of files) await dropPartials(folder, file.path)
    },
    publish: (checkpoint) => replace(join(folder, checkpointPath), Buffer.from(checkpoint), 0o644),
  }
}

async function writeOnce(folder: string, file: LogFile, before: Uint8Array | undefined): Promise<void> {
  if (before === undefined) return replace(join(folder, file.path), file.bytes, 0o444)
  // The same bytes: a publication that was interrupted goes on where it stopped.
  if (!Buffer.from(before).equals(file.bytes))
    throw new Error(`the ledger file ${file.path} holds other bytes than it must`)
}

/** Writes beside, then renames: a reader, or a crash, never sees half a file. */
async function replace(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const beside = `${path}.new`
  await rm(beside, { force: true })
  const handle = await open(beside, 'wx', mode)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(beside, path)
}

/** A full tile replaces its partial ones, as C2SP tlog-tiles allows. */
async function dropPartials(folder: string, path: string): Promise<void> {
  const address = parseLogPath(path)
  if (address.kind !== 'checkpoint' && address.width === 256)
    await rm(join(folder, `${path}.p`), { recursive: true, force: true })
}
