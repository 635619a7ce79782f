import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { coseKey, encodeCbor, type Cbor } from './cose.ts'
import type { AssertionResponse, AttestationResponse } from './responses.ts'

/** Flags of authenticator data (WebAuthn level 3, §6.1). */
const UP = 0x01
const UV = 0x04
const AT = 0x40

/** What a soft key does differently from an honest one; for checks and tests. */
export interface SoftKeyWish {
  /** The origin that the browser would state. */
  readonly origin: string
  readonly rpId: string
  readonly challenge: string
  /** Whether the person gave a PIN; true unless told. */
  readonly verified?: boolean
  readonly present?: boolean
  readonly type?: 'webauthn.get' | 'webauthn.create'
  readonly counter?: number
  readonly crossOrigin?: boolean
  readonly userHandle?: string | null
}

/** An authenticator in software (ES256, no attestation), with the browser's part done honestly for `origin`. */
export interface SoftKey {
  readonly id: string
  create(wish: SoftKeyWish): AttestationResponse
  get(wish: SoftKeyWish): AssertionResponse
}

/** The client data that an honest browser makes. */
function clientData(wish: SoftKeyWish, type: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      type: wish.type ?? type,
      challenge: wish.challenge,
      origin: wish.origin,
      crossOrigin: wish.crossOrigin ?? false,
    }),
  )
}

/** Authenticator data (WebAuthn level 3, §6.1), with a new credential or none. */
function authenticatorData(wish: SoftKeyWish, counter: number, attested: Buffer): Buffer {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(wish.counter ?? counter)
  const flags =
    ((wish.present ?? true) ? UP : 0) | ((wish.verified ?? true) ? UV : 0) | (attested.length === 0 ? 0 : AT)
  const rpIdHash = createHash('sha256').update(wish.rpId).digest()
  return Buffer.concat([rpIdHash, Buffer.from([flags]), count, attested])
}

/** A new credential without the make of its authenticator (§6.5.1). */
function attestedData(credential: Buffer, publicKey: KeyObject): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(credential.length)
  return Buffer.concat([Buffer.alloc(16), length, credential, coseKey(publicKey)])
}

/** Makes an authenticator that holds one credential; with `counting` it counts its answers. */
export function softKey({ counting = false }: { readonly counting?: boolean } = {}): SoftKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const credential = randomBytes(32)
  const id = credential.toString('base64url')
  let answers = 0
  const next = (): number => (counting ? (answers += 1) : 0)
  const answer = { id, rawId: id, type: 'public-key' } as const
  return {
    id,
    create: (wish) => {
      const attestation = new Map<string, Cbor>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authenticatorData(wish, next(), attestedData(credential, publicKey))],
      ])
      return {
        ...answer,
        response: {
          clientDataJSON: clientData(wish, 'webauthn.create').toString('base64url'),
          attestationObject: encodeCbor(attestation).toString('base64url'),
          transports: ['usb'],
        },
      }
    },
    get: (wish) => {
      const client = clientData(wish, 'webauthn.get')
      const data = authenticatorData(wish, next(), Buffer.alloc(0))
      const signed = Buffer.concat([data, createHash('sha256').update(client).digest()])
      return {
        ...answer,
        response: {
          clientDataJSON: client.toString('base64url'),
          authenticatorData: data.toString('base64url'),
          signature: sign('sha256', signed, privateKey).toString('base64url'),
          ...(wish.userHandle === undefined ? {} : { userHandle: wish.userHandle }),
        },
      }
    },
  }
}
