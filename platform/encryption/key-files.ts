import { randomBytes, type KeyObject } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { rootKey } from '#envelope'
import { Problem } from '../kernel/problem.ts'

/** The 32 bytes of a key file, made when missing; the folder and the file are closed to every other user. */
export async function keyFile(folder: string, name: string): Promise<Buffer> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  const path = join(folder, name)
  const bytes = (await present(path)) ?? (await make(path))
  if (bytes.length !== 32) throw new Error(`the key file ${name} does not hold 32 bytes`)
  return bytes
}

async function present(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** A link appears with the whole key or not at all, and never replaces a key, not even an unreadable one. */
async function make(path: string): Promise<Buffer> {
  const beside = `${path}.${randomBytes(6).toString('hex')}`
  const handle = await open(beside, 'wx', 0o600)
  try {
    await handle.writeFile(randomBytes(32))
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await link(beside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(beside)
  }
  return readFile(path)
}

/** The root key that wraps every tenant's keys, from `root.key` in the key folder. Policy 2.3-a.2. */
export async function openRootKey(folder: string): Promise<KeyObject> {
  return rootKey(await keyFile(folder, 'root.key'))
}

/** The key that seals backups and nothing else, from `backup.key` in the key folder. Policy 6.1-d. */
export async function openBackupKey(folder: string): Promise<KeyObject> {
  return rootKey(await keyFile(folder, 'backup.key'))
}

/** The backup key as it is: a restore must never make a new one. Throws `recovery.unreadable` when it is missing. */
export async function existingBackupKey(folder: string): Promise<KeyObject> {
  const bytes = await present(join(folder, 'backup.key'))
  if (bytes?.length !== 32)
    throw new Problem('recovery.unreadable', 'The key folder holds no backup.key of 32 bytes.')
  return rootKey(bytes)
}
