import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Reads a text file of the key folder, or writes what `make` gives when there is none; never overwrites one. */
export async function keyText(folder: string, name: string, make: () => string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  const path = join(folder, name)
  const known = await readText(path)
  if (known !== null) return known
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(temporary, make(), { mode: 0o600, flag: 'wx' })
  try {
    // A link appears with its whole content or not at all, and refuses to replace a file of another process.
    await link(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(temporary)
  }
  return await readFile(path, 'utf8')
}

/** The file's text, or null when there is no such file. */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
