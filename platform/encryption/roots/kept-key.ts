import { createHash, timingSafeEqual } from 'node:crypto'
import { canonicalContext, describeWrappedKey, EnvelopeError, type KeyLabel } from '#envelope'
import type { RootProvider } from './root.ts'

/**
 * A key that a keeper sealed: 3 bytes of format, one for the keeper, the fingerprints of root and key (32 bytes each, where
 * `#envelope` has them as well), then the keeper's own bytes.
 */
const MAGIC = Buffer.from([0xfe, 0x4b, 0x02])
const KEEPERS: Readonly<Record<RootProvider, number>> = {
  'local-file': 1,
  'aws-kms': 2,
  vault: 3,
  pkcs11: 4,
}
const ROOT_AT = 4
const KEY_AT = 36
const SEALED_AT = 68

/** A kept key, taken apart. */
export interface KeptKey {
  readonly rootFingerprint: string
  readonly keyFingerprint: string
  readonly sealed: Buffer
}

/** The fingerprint of a root key that nobody here can see, from who keeps it and its name there; 64 hexadecimal digits. */
export function keeperFingerprint(provider: RootProvider, id: string): string {
  return createHash('sha256')
    .update(canonicalContext(['surety.root/1', provider, id]))
    .digest('hex')
}

/** What keepers that take bytes bind a key to. */
export function labelContext({ tenant, purpose, version }: KeyLabel): Buffer {
  return canonicalContext(['surety.root/key/1', tenant, purpose, String(version)])
}

/** Puts a kept key together. */
export function keptKey(provider: RootProvider, of: KeptKey): Buffer {
  return Buffer.concat([
    MAGIC,
    Uint8Array.of(KEEPERS[provider]),
    Buffer.from(of.rootFingerprint, 'hex'),
    Buffer.from(of.keyFingerprint, 'hex'),
    of.sealed,
  ])
}

/** Takes a kept key apart; throws `EnvelopeError` for other bytes, another keeper and another root. */
export function readKeptKey(provider: RootProvider, rootFingerprint: string, wrapped: Uint8Array): KeptKey {
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length)
  if (bytes.length <= SEALED_AT) throw new EnvelopeError('truncated')
  if (!bytes.subarray(0, 2).equals(MAGIC.subarray(0, 2))) throw new EnvelopeError('malformed')
  if (bytes[2] !== MAGIC[2]) throw new EnvelopeError('unsupported-format')
  const root = bytes.subarray(ROOT_AT, KEY_AT)
  if (bytes[3] !== KEEPERS[provider] || !timingSafeEqual(root, Buffer.from(rootFingerprint, 'hex')))
    throw new EnvelopeError('wrong-key')
  return {
    rootFingerprint,
    keyFingerprint: bytes.toString('hex', KEY_AT, SEALED_AT),
    sealed: bytes.subarray(SEALED_AT),
  }
}

/** What wrapped bytes of any root say of themselves, for inventories; unauthenticated until they were unwrapped. */
export function describeWrapped(wrapped: Uint8Array): Pick<KeptKey, 'rootFingerprint' | 'keyFingerprint'> {
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length)
  if (bytes[2] !== MAGIC[2] || bytes.length <= SEALED_AT) {
    const { rootFingerprint, keyFingerprint } = describeWrappedKey(wrapped)
    return { rootFingerprint, keyFingerprint }
  }
  return {
    rootFingerprint: bytes.toString('hex', ROOT_AT, KEY_AT),
    keyFingerprint: bytes.toString('hex', KEY_AT, SEALED_AT),
  }
}
