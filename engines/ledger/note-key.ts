import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import { LedgerError } from './ledger-error.ts'
import { isKeyName } from './note-text.ts'
import { decodeBase64, encodeBase64 } from './strict-base64.ts'

/** A public key trusted to sign notes under a name (C2SP signed-note, Ed25519); `keyId` is 8 lower-case hex digits. */
export type VerifierKey = { readonly name: string; readonly keyId: string; readonly publicKey: KeyObject }

/** A private key that signs notes under a name, with the verifier key others check it by. */
export type NoteSigner = { readonly verifierKey: VerifierKey; readonly privateKey: KeyObject }

const ed25519 = 0x01
const publicKeyBytes = 32

/** A signer from an Ed25519 private key; the name must be non-empty without spaces, `+` or control characters. */
export function noteSigner(name: string, privateKey: KeyObject): NoteSigner {
  if (privateKey.type !== 'private')
    throw new LedgerError('key-malformed', 'a note is signed with a private key')
  return { verifierKey: verifierKey(name, createPublicKey(privateKey)), privateKey }
}

/** A verifier key from an Ed25519 public key. */
export function verifierKey(name: string, publicKey: KeyObject): VerifierKey {
  if (!isKeyName(name))
    throw new LedgerError('key-malformed', 'key name is empty or holds a space, plus or control character')
  if (publicKey.type !== 'public' || publicKey.asymmetricKeyType !== 'ed25519')
    throw new LedgerError('key-unsupported', 'only Ed25519 keys sign notes here')
  return { name, keyId: keyIdOf(name, rawPublicKey(publicKey)), publicKey }
}

/** Writes a verifier key as `<name>+<key id>+<base64 of type and key>`, the form to publish. */
export function formatVerifierKey({ name, keyId, publicKey }: VerifierKey): string {
  return `${name}+${keyId}+${encodeBase64(Buffer.from([ed25519, ...rawPublicKey(publicKey)]))}`
}

/** Reads a published verifier key; the key id must be the one its name and key give. */
export function parseVerifierKey(vkey: string): VerifierKey {
  const [name = '', keyId = '', ...rest] = vkey.split('+')
  const encoded = decodeBase64(rest.join('+'))
  if (encoded === undefined || encoded.length === 0)
    throw new LedgerError('key-malformed', 'verifier key is not <name>+<key id>+<base64>')
  if (encoded[0] !== ed25519)
    throw new LedgerError('key-unsupported', 'verifier key is not of the Ed25519 type')
  const raw = encoded.subarray(1)
  if (raw.length !== publicKeyBytes)
    throw new LedgerError('key-malformed', `an Ed25519 key has ${publicKeyBytes} bytes, not ${raw.length}`)
  if (!isKeyName(name) || keyId !== keyIdOf(name, raw))
    throw new LedgerError('key-malformed', 'key id does not belong to this name and key')
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') }
  return { name, keyId, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) }
}

/** The Ed25519 signature over a note text. */
export function signText(signer: NoteSigner, text: string): Uint8Array {
  return sign(null, Buffer.from(text), signer.privateKey)
}

/** True when `signature` is this key's Ed25519 signature over the text. */
export function textSignedBy(key: VerifierKey, text: string, signature: Uint8Array): boolean {
  return verify(null, Buffer.from(text), key.publicKey, signature)
}

function keyIdOf(name: string, raw: Uint8Array): string {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ed25519]), raw])
  return hash('sha256', input, 'hex').slice(0, 8)
}

function rawPublicKey(publicKey: KeyObject): Uint8Array {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
}
