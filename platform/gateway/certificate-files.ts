import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../kernel/clock.ts'

/** A certificate chain and its private key, both PEM. */
export interface CertificatePair {
  readonly cert: string
  readonly key: string
}

/** The certificate that the gateway shows. */
export interface Certificates {
  current(): CertificatePair
  /** The authority that clients of the present certificate must trust (PEM); null: those that every system knows. */
  authority(): string | null
  /** What the local authority took back (DER); null when a certificate of somebody else is shown. */
  revocations(): Buffer | null
  /** Renews a certificate once two thirds of its time are over, or reads changed files again; tells whether it changed. */
  refresh(): Promise<boolean>
}

/** The share of a certificate's time that is over; above 1 or below 0 it is not valid. */
export function lifeUsed(cert: X509Certificate, clock: Clock): number {
  const from = cert.validFromDate.getTime()
  const used = (clock.now().getTime() - from) / (cert.validToDate.getTime() - from)
  return used < 0 ? 1 : used
}

/** The pair `NAME.pem` and `NAME.key` of a folder; null when it is missing or half written. */
export async function readPair(folder: string, name: string): Promise<CertificatePair | null> {
  try {
    const pair = {
      cert: await readFile(join(folder, `${name}.pem`), 'utf8'),
      key: await readFile(join(folder, `${name}.key`), 'utf8'),
    }
    const matches = new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key))
    // A stop between the two writes leaves a key without its certificate; both are made again.
    return matches ? pair : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new Error(`the files ${name}.pem and ${name}.key in the key folder cannot be used`, {
      cause: error,
    })
  }
}

/** Writes a pair, the key first, each file whole or not at all. */
export async function writePair(
  folder: string,
  name: string,
  pair: CertificatePair,
): Promise<CertificatePair> {
  for (const [ending, content] of [
    ['key', pair.key],
    ['pem', pair.cert],
  ] as const) {
    const path = join(folder, `${name}.${ending}`)
    await writeFile(`${path}.new`, content, { mode: 0o600 })
    await chmod(`${path}.new`, 0o600)
    await rename(`${path}.new`, path)
  }
  return pair
}
