import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { KeyMakes } from './ceremony.ts'

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Reads which makes of security key may be set up; undefined when any may. Throws when the file holds no certificate. */
export async function openKeyMakes(
  aaguids: readonly string[],
  rootsFile: string,
): Promise<KeyMakes | undefined> {
  if (aaguids.length === 0) return undefined
  const roots = (await readFile(rootsFile, 'utf8')).match(PEM) ?? []
  if (roots.length === 0) throw new Error(`${rootsFile} holds no certificate`)
  // One that cannot be read is found at the start and not when somebody sets up a key.
  return { aaguids, roots: roots.map((pem) => new X509Certificate(pem).toString()) }
}
