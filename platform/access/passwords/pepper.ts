import { createSecretKey } from 'node:crypto'
import { keyFile } from '../../kernel/secret-file.ts'
import type { Pepper } from './password-hasher.ts'

/** The version of `pepper.key`; it is stored beside every hash that was made with it. */
const PEPPER_VERSION = 1

/** The pepper from `pepper.key` in the key folder, made when missing. Without it no stored password can be guessed. */
export async function openPepper(folder: string): Promise<Pepper> {
  return { version: PEPPER_VERSION, key: createSecretKey(await keyFile(folder, 'pepper.key')) }
}
