import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DAY, secondsAfter, type Clock } from '../kernel/clock.ts'
import { issueCertificate } from './issue-certificate.ts'

const SERVER_DAYS = 90
const AUTHORITY_DAYS = 3650

/** A certificate chain and its private key, both PEM. */
export interface CertificatePair {
  readonly cert: string
  readonly key: string
}

/** The certificate that the gateway shows. */
export interface Certificates {
  current(): CertificatePair
  /** The local authority's certificate, to be trusted by clients; null with a certificate of the operator's own. */
  readonly authority: string | null
  /** Renews the local certificate once two thirds of its time are over, or reads changed files again; tells whether it changed. */
  refresh(): Promise<boolean>
}

/** The names that a local certificate speaks for. */
export function certificateNames(host: string): readonly string[] {
  return [...new Set([host, 'localhost', '127.0.0.1', '::1'])]
}

/** Opens the operator's own certificate when both files are named, otherwise one of a local authority in the key folder. */
export async function openCertificates(deps: {
  readonly clock: Clock
  readonly keysFolder: string
  readonly host: string
  readonly ownCertFile: string
  readonly ownKeyFile: string
}): Promise<Certificates> {
  if (deps.ownCertFile !== '') return ownCertificates(deps.ownCertFile, deps.ownKeyFile)
  await mkdir(deps.keysFolder, { recursive: true, mode: 0o700 })
  await chmod(deps.keysFolder, 0o700)
  const authority = await openAuthority(deps)
  let pair = await openServerPair(deps, authority)
  return {
    authority: authority.cert,
    current: () => pair,
    refresh: async () => {
      const next = await openServerPair(deps, authority)
      const changed = next.cert !== pair.cert
      pair = next
      return changed
    },
  }
}

async function ownCertificates(certFile: string, keyFile: string): Promise<Certificates> {
  const read = async (): Promise<CertificatePair> => {
    const pair = { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') }
    if (!new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key)))
      throw new Error('SURETY_TLS_KEY is not the key of SURETY_TLS_CERT')
    return pair
  }
  let pair = await read()
  return {
    authority: null,
    current: () => pair,
    refresh: async () => {
      const next = await read()
      const changed = next.cert !== pair.cert || next.key !== pair.key
      pair = next
      return changed
    },
  }
}

interface Place {
  readonly clock: Clock
  readonly keysFolder: string
  readonly host: string
}

async function openAuthority(place: Place): Promise<CertificatePair> {
  const subject = `Surety local authority for ${place.host}`
  const stored = await readPair(place.keysFolder, 'authority')
  // The subject names the host, because the certificate is confined to it.
  const usable = (cert: X509Certificate): boolean =>
    cert.ca && cert.subject === `CN=${subject}` && lifeUsed(cert, place.clock) < 0.9
  if (stored !== null && usable(new X509Certificate(stored.cert))) return stored
  const key = newKey()
  const order = { subject, issuer: subject, key, authority: true, names: certificateNames(place.host) }
  const cert = issueCertificate({ ...order, ...validity(place.clock, AUTHORITY_DAYS) }, key)
  return writePair(place.keysFolder, 'authority', { cert, key: exported(key) })
}

async function openServerPair(place: Place, authority: CertificatePair): Promise<CertificatePair> {
  const issuer = new X509Certificate(authority.cert)
  const stored = await readPair(place.keysFolder, 'server')
  const names = certificateNames(place.host)
  if (stored !== null) {
    const cert = new X509Certificate(stored.cert)
    const ours = cert.verify(issuer.publicKey) && cert.subject === `CN=${place.host}`
    if (ours && lifeUsed(cert, place.clock) < 2 / 3) return stored
  }
  const key = newKey()
  const order = { subject: place.host, issuer: issuer.subject.slice(3), key, authority: false, names }
  const cert = issueCertificate(
    { ...order, ...validity(place.clock, SERVER_DAYS) },
    createPrivateKey(authority.key),
  )
  return writePair(place.keysFolder, 'server', { cert, key: exported(key) })
}

/** The share of a certificate's time that is over; above 1 or below 0 it is not valid. */
function lifeUsed(cert: X509Certificate, clock: Clock): number {
  const from = cert.validFromDate.getTime()
  const used = (clock.now().getTime() - from) / (cert.validToDate.getTime() - from)
  return used < 0 ? 1 : used
}

/** Starts an hour early for clients whose clocks are behind. */
function validity(clock: Clock, days: number): { from: Date; until: Date } {
  return { from: secondsAfter(clock.now(), -3600), until: secondsAfter(clock.now(), days * DAY) }
}

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const exported = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

async function readPair(folder: string, name: string): Promise<CertificatePair | null> {
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

async function writePair(folder: string, name: string, pair: CertificatePair): Promise<CertificatePair> {
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
