import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Problem } from '../../kernel/problem.ts'

/** How many files are made lasting at the same time. */
const AT_ONCE = 16

/** Refuses a place that holds something. */
export async function requireEmpty(path: string): Promise<void> {
  const found = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    if (error.code === 'ENOTDIR') return [path]
    throw error
  })
  if (found.length > 0)
    throw new Problem('recovery.not-empty', `${path} holds something already; nothing in it was changed.`)
}

/** Writes a file that was not there. */
export async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
  } finally {
    await handle.close()
  }
}

async function syncOne(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes every file and folder below a folder last through a loss of power, several at once. */
export async function syncBelow(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const waiting = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .values()
  const worker = async (): Promise<void> => {
    for (const path of waiting) await syncOne(path)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  await syncOne(folder)
}

/**
 * Makes a folder beside its place and moves it there when `work` has filled it: under its name it is whole or not there.
 * Throws `recovery.not-empty`.
 */
export async function makeWhole<Result>(
  place: string,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  await requireEmpty(place)
  const folder = `${place}.restoring`
  await rm(folder, { recursive: true, force: true })
  // Others may pass through to the database's folder, which its own user owns; what is inside closes itself.
  await mkdir(folder, { recursive: true, mode: 0o755 })
  try {
    const result = await work(folder)
    // An empty folder that was made for it beforehand gives way; one that got something meanwhile does not.
    await rename(folder, place)
    await syncOne(dirname(place))
    return result
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}
