import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { DAY, secondsAfter, type Clock } from '../kernel/clock.ts'
import { acmeCertificates, type Ordering } from './acme-certificates.ts'
import { lifeUsed, readPair, writePair, type CertificatePair } from './certificate-files.ts'
import type { Certificates } from './certificate-files.ts'
import { issueCertificate, issueRevocationList } from './issue-certificate.ts'

export type { CertificatePair, Certificates } from './certificate-files.ts'

const SERVER_DAYS = 90
const AUTHORITY_DAYS = 3650
const REVOCATIONS_DAYS = 7

/** The names that a local certificate speaks for. */
export function certificateNames(host: string): readonly string[] {
  return [...new Set([host, 'localhost', '127.0.0.1', '::1'])]
}

/** Opens the operator's own certificate when both files are named, otherwise one that is ordered, or of a local authority. */
export async function openCertificates(deps: {
  readonly clock: Clock
  readonly keysFolder: string
  readonly host: string
  readonly ownCertFile: string
  readonly ownKeyFile: string
  /** Where the local authority's revocations are published; empty: nowhere. */
  readonly revocationsUrl: string
  /** Orders a certificate of a public authority; null: the local one stays. */
  readonly ordering: Ordering | null
}): Promise<Certificates> {
  if (deps.ownCertFile !== '') return ownCertificates(deps.ownCertFile, deps.ownKeyFile)
  const local = await localCertificates(deps)
  return deps.ordering === null ? local : acmeCertificates(deps, deps.ordering, local)
}

async function localCertificates(deps: Place): Promise<Certificates> {
  await mkdir(deps.keysFolder, { recursive: true, mode: 0o700 })
  await chmod(deps.keysFolder, 0o700)
  const authority = await openAuthority(deps)
  let pair = await openServerPair(deps, authority)
  return {
    authority: () => authority.cert,
    revocations: () => {
      const subject = new X509Certificate(authority.cert).subject.slice(3)
      const { from, until } = validity(deps.clock, REVOCATIONS_DAYS)
      return issueRevocationList({ subject, key: createPrivateKey(authority.key) }, from, until)
    },
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
    authority: () => null,
    revocations: () => null,
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
  readonly revocationsUrl: string
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
  const revocations = place.revocationsUrl === '' ? {} : { revocations: place.revocationsUrl }
  const order = {
    ...revocations,
    subject: place.host,
    issuer: issuer.subject.slice(3),
    key,
    authority: false,
    names,
  }
  const cert = issueCertificate(
    { ...order, ...validity(place.clock, SERVER_DAYS) },
    createPrivateKey(authority.key),
  )
  return writePair(place.keysFolder, 'server', { cert, key: exported(key) })
}

/** Starts an hour early for clients whose clocks are behind. */
function validity(clock: Clock, days: number): { from: Date; until: Date } {
  return { from: secondsAfter(clock.now(), -3600), until: secondsAfter(clock.now(), days * DAY) }
}

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const exported = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
