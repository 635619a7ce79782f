import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, link, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What is written at once: longer writes cost the kernel up to three times the processor time. */
const WRITE_BYTES = 512 * 1024

/** The code of an error of the file system. */
export function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

/** The bytes of a plain file; undefined when there is none. A symbolic link is an error, not followed. */
export async function plainFile(path: string): Promise<Buffer | undefined> {
  let handle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    return await wholeOf(handle)
  } finally {
    await handle.close()
  }
}

/** All bytes of a file at once: the runtime's own reading of a whole file goes by half a megabyte. */
async function wholeOf(handle: FileHandle): Promise<Buffer> {
  const { size } = await handle.stat()
  const bytes = Buffer.allocUnsafeSlow(size)
  let length = 0
  while (length < size) {
    const { bytesRead } = await handle.read(bytes, length, size - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
}

/** Makes the entries of a folder last through a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders; its file system writes entries through.
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a folder and those above it, closed to other users, lasting. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let at = path; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at))
}

async function writeBeside(folder: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, randomBytes(12).toString('hex'))
  const handle = await open(path, 'wx', 0o600)
  try {
    try {
      for (let at = 0; at < bytes.length;)
        at += (await handle.write(bytes, at, Math.min(WRITE_BYTES, bytes.length - at), at)).bytesWritten
      await handle.sync()
    } finally {
      await handle.close()
    }
    await chmod(path, 0o400)
    return path
  } catch (error) {
    // On a full disk each try would otherwise leave what it could still write.
    await rm(path, { force: true })
    throw error
  }
}

/** Makes a read-only file appear whole, on disk before it has its name; false when the name is taken. `beside` is a folder of the same disk. */
export async function writeOnce(beside: string, path: string, bytes: Uint8Array): Promise<boolean> {
  await makeFolder(dirname(path))
  const written = await writeBeside(beside, bytes)
  try {
    // A link, unlike a renaming, refuses to replace.
    await link(written, path)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  } finally {
    await rm(written, { force: true })
  }
  await syncFolder(dirname(path))
  return true
}

/** Replaces a read-only file by another, whole or not at all. */
export async function replaceFile(beside: string, path: string, bytes: Uint8Array): Promise<void> {
  await makeFolder(dirname(path))
  const written = await writeBeside(beside, bytes)
  try {
    await rename(written, path)
  } finally {
    await rm(written, { force: true })
  }
  await syncFolder(dirname(path))
}
