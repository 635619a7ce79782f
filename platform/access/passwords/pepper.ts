import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pepper } from './password-hasher.ts'

/** The version of `pepper.key`; it is stored beside every hash that was made with it. */
const PEPPER_VERSION = 1

/** The pepper from `pepper.key` in the key folder, made when missing. Without it no stored password can be guessed. */
export async function openPepper(folder: string): Promise<Pepper> {
  const path = join(folder, 'pepper.key')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    // `wx` never overwrites: a lost pepper would lock everybody out.
    await writeFile(path, randomBytes(32), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const bytes = await readFile(path)
  if (bytes.length !== 32) throw new Error('the key file pepper.key does not hold 32 bytes')
  return { version: PEPPER_VERSION, key: createSecretKey(bytes) }
}
