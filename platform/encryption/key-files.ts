import { randomBytes, type KeyObject } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rootKey } from '#envelope'

/** The 32 bytes of a key file, made when missing; the folder and the file are closed to every other user. */
export async function keyFile(folder: string, name: string): Promise<Buffer> {
  const path = join(folder, name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  try {
    // `wx` never overwrites: an existing key, even an unreadable one, is never replaced.
    await writeFile(path, randomBytes(32), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const bytes = await readFile(path)
  if (bytes.length !== 32) throw new Error(`the key file ${name} does not hold 32 bytes`)
  return bytes
}

/** The root key that wraps every tenant's keys, from `root.key` in the key folder. Policy 2.3-a.2. */
export async function openRootKey(folder: string): Promise<KeyObject> {
  return rootKey(await keyFile(folder, 'root.key'))
}
