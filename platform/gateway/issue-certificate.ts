import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import {
  bits,
  integer,
  nothing,
  objectId,
  octets,
  sequence,
  setOfOne,
  tagged,
  taggedBytes,
  text,
  time,
  yes,
} from './der.ts'
import { addressBytes } from './client-network.ts'

/** What a certificate says. */
export interface CertificateOrder {
  readonly subject: string
  readonly issuer: string
  readonly key: KeyObject
  readonly from: Date
  readonly until: Date
  /** The names and addresses that a server certificate speaks for, or that an authority is confined to. */
  readonly names: readonly string[]
  readonly authority: boolean
  /** Where the list of what the issuer took back is published (RFC 5280 §4.2.1.13). */
  readonly revocations?: string
}

const SIGNATURES = {
  ec: () => sequence(objectId('1.2.840.10045.4.3.2')),
  rsa: () => sequence(objectId('1.2.840.113549.1.1.11'), nothing()),
} as const

/** Issues an X.509 v3 certificate (RFC 5280) signed with the issuer's key, ECDSA P-256 or RSA over SHA-256; PEM. */
export function issueCertificate(order: CertificateOrder, issuerKey: KeyObject): string {
  const algorithm = signatureAlgorithm(issuerKey)
  const serial = randomBytes(16)
  serial[0] = (serial[0] ?? 0) & 0x7f
  const body = sequence(
    tagged(0, integer(Buffer.of(2))),
    integer(serial),
    algorithm,
    commonName(order.issuer),
    sequence(time(order.from), time(order.until)),
    commonName(order.subject),
    publicKeyInfo(order.key),
    tagged(3, sequence(...extensions(order, issuerKey))),
  )
  const der = sequence(body, algorithm, bits(sign('sha256', body, issuerKey)))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function signatureAlgorithm(key: KeyObject): Buffer {
  const type = key.asymmetricKeyType
  if (type !== 'ec' && type !== 'rsa') throw new Error(`a certificate is not signed with a ${type} key here`)
  return SIGNATURES[type]()
}

const commonName = (name: string): Buffer => sequence(setOfOne(sequence(objectId('2.5.4.3'), text(name))))

function publicKeyInfo(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' })
}

/** RFC 7093 §2 method 4: the start of SHA-256 over the public key. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha256').update(publicKeyInfo(key)).digest().subarray(0, 20)
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(objectId(id), ...(critical ? [yes()] : []), octets(value))
}

function extensions(order: CertificateOrder, issuerKey: KeyObject): Buffer[] {
  const identifiers = [
    extension('2.5.29.14', octets(keyIdentifier(order.key))),
    extension('2.5.29.35', sequence(taggedBytes(0, keyIdentifier(issuerKey)))),
  ]
  if (!order.authority)
    return [
      extension('2.5.29.19', sequence(), true),
      // digitalSignature alone: an ephemeral key exchange needs nothing else. Policy 2.1-b.
      extension('2.5.29.15', bits(Buffer.of(0x80), 7), true),
      extension('2.5.29.37', sequence(objectId('1.3.6.1.5.5.7.3.1'))),
      extension('2.5.29.17', sequence(...order.names.map((name) => generalName(name, false)))),
      ...(order.revocations === undefined ? [] : [extension('2.5.29.31', listedAt(order.revocations))]),
      ...identifiers,
    ]
  return [
    extension('2.5.29.19', sequence(yes(), integer(Buffer.of(0))), true),
    extension('2.5.29.15', bits(Buffer.of(0x06), 1), true),
    // Whoever steals the authority of a machine that trusts it can speak for these names and no others.
    extension(
      '2.5.29.30',
      sequence(tagged(0, ...order.names.map((name) => sequence(generalName(name, true))))),
      true,
    ),
    ...identifiers,
  ]
}

/** One distribution point: its full name is an address. */
function listedAt(url: string): Buffer {
  const name = taggedBytes(6, Buffer.from(url, 'latin1'))
  return sequence(sequence(tagged(0, tagged(0, name))))
}

/**
 * The list of certificates that an issuer took back (RFC 5280 §5), as DER. It is empty: an authority that lives in the
 * folder of the one server whose certificate it issued takes a certificate back by issuing the next one.
 */
export function issueRevocationList(
  issuer: { readonly subject: string; readonly key: KeyObject },
  from: Date,
  until: Date,
): Buffer {
  const algorithm = signatureAlgorithm(issuer.key)
  const number = integer(Buffer.from(from.getTime().toString(16).padStart(12, '0'), 'hex'))
  const body = sequence(
    integer(Buffer.of(1)),
    algorithm,
    commonName(issuer.subject),
    time(from),
    time(until),
    tagged(
      0,
      sequence(
        extension('2.5.29.35', sequence(taggedBytes(0, keyIdentifier(issuer.key)))),
        extension('2.5.29.20', number),
      ),
    ),
  )
  return sequence(body, algorithm, bits(sign('sha256', body, issuer.key)))
}

function generalName(name: string, asConstraint: boolean): Buffer {
  if (isIP(name) === 0) return taggedBytes(2, Buffer.from(name, 'latin1'))
  const address = Buffer.from(addressBytes(name))
  const mask = asConstraint ? Buffer.alloc(address.length, 0xff) : Buffer.alloc(0)
  return taggedBytes(7, Buffer.concat([address, mask]))
}
