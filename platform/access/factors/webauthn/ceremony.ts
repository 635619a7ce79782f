import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'
import type { Challenge } from './challenge.ts'
import { CHALLENGE_SECONDS } from './challenge.ts'
import {
  readClientData,
  type AssertionResponse,
  type AttestationResponse,
  type ClientData,
} from './responses.ts'
import type { Site } from './site.ts'

/** Which makes of authenticator may be set up: their AAGUIDs and the certificates (PEM) that their makers sign with. */
export interface KeyMakes {
  readonly aaguids: readonly string[]
  readonly roots: readonly string[]
}

/** A credential as a browser is told to look for it. */
export interface KnownCredential {
  readonly credential_id: Buffer
  readonly transports: readonly string[]
}

/** Ed25519, ES256 and RS256 (IANA COSE algorithms): what authenticators in use can do. */
const ALGORITHMS = [-8, -7, -257]
const NAME = 'Surety'

// Loaded at first use: most processes and most hours see no key.
const library = () => import('@simplewebauthn/server')
const libraryHelpers = () => import('@simplewebauthn/server/helpers')

/** The person's account as authenticators store it: its random id, nothing personal (WebAuthn level 3, §14.6.1). */
export function userHandle(account: string): string {
  return Buffer.from(account.replaceAll('-', ''), 'hex').toString('base64url')
}

function descriptor({ credential_id, transports }: KnownCredential) {
  const known = transports.filter((one) => TRANSPORTS.has(one)) as (
    | 'usb'
    | 'nfc'
    | 'ble'
    | 'hybrid'
    | 'internal'
  )[]
  return { type: 'public-key' as const, id: credential_id.toString('base64url'), transports: known }
}

const TRANSPORTS: ReadonlySet<string> = new Set(['usb', 'nfc', 'ble', 'hybrid', 'internal'])

/** How an authenticator said that it can be reached, as far as browsers know the word. */
export function knownTransports(said: readonly string[] | undefined): string[] {
  return [...new Set((said ?? []).filter((one) => TRANSPORTS.has(one)))]
}

/** What a browser needs to make a credential. */
export function creationOptions(
  { rpId }: Site,
  challenge: Challenge,
  person: { readonly account: string; readonly email: string; readonly name: string },
  owned: readonly KnownCredential[],
  makes: KeyMakes | undefined,
): PublicKeyCredentialCreationOptionsJSON {
  return {
    challenge,
    rp: { id: rpId, name: NAME },
    user: { id: userHandle(person.account), name: person.email, displayName: person.name },
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    timeout: CHALLENGE_SECONDS * 1000,
    attestation: makes === undefined ? 'none' : 'direct',
    excludeCredentials: owned.map(descriptor),
    authenticatorSelection: {
      residentKey: 'preferred',
      requireResidentKey: false,
      userVerification: 'preferred',
    },
    extensions: { credProps: true },
  }
}

/** What a browser needs to ask for a proof: of one of these credentials, or of any that it finds. */
export function requestOptions(
  { rpId }: Site,
  challenge: Challenge,
  wanted: { readonly allow?: readonly KnownCredential[]; readonly verification: 'required' | 'preferred' },
): PublicKeyCredentialRequestOptionsJSON {
  return {
    challenge,
    rpId,
    timeout: CHALLENGE_SECONDS * 1000,
    userVerification: wanted.verification,
    ...(wanted.allow === undefined ? {} : { allowCredentials: wanted.allow.map(descriptor) }),
  }
}

/** Why an answer of a key was not accepted; for the audit log, never for the client. */
export type KeyRefusal =
  | 'no client data'
  | 'wrong kind of answer'
  | 'wrong origin'
  | 'challenge not open'
  | 'unknown key'
  | 'not this account’s key'
  | 'disabled account'
  | 'signature or data not right'
  | 'make not accepted'
  | 'registered already'
  | 'counter went back'

/** The client data of an answer, if it is for this site and of this kind. */
export function clientDataOf(
  encoded: string,
  { origin }: Site,
  type: 'webauthn.get' | 'webauthn.create',
): { readonly data: ClientData | null; readonly refusal: KeyRefusal | null } {
  const data = readClientData(encoded)
  if (data === null) return { data, refusal: 'no client data' }
  if (data.type !== type) return { data, refusal: 'wrong kind of answer' }
  // Policy 3.1-c. Nor inside a page of somebody else.
  if (data.origin !== origin || data.crossOrigin === true) return { data, refusal: 'wrong origin' }
  return { data, refusal: null }
}

/** What a proof says beyond that it is right. */
export interface KeyProof {
  readonly counter: number
  readonly backedUp: boolean
  /** Whether the authenticator asked for its PIN or a biometric. */
  readonly userVerified: boolean
}

/** Verifies a proof by this public key; null when anything of it is not right. The caller compares the counter. */
export async function verifyAssertion(
  site: Site,
  response: AssertionResponse,
  challenge: string,
  publicKey: Buffer,
): Promise<KeyProof | null> {
  const { verifyAuthenticationResponse } = await library()
  const { id, rawId, type } = response
  const { clientDataJSON, authenticatorData, signature } = response.response
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        id,
        rawId,
        type,
        clientExtensionResults: {},
        response: { clientDataJSON, authenticatorData, signature },
      },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      // The counter is compared where it is stored, so that two answers at once cannot both count.
      credential: { id, publicKey: Uint8Array.from(publicKey), counter: 0 },
      requireUserVerification: false,
    })
    if (!verified) return null
    const { newCounter, credentialBackedUp, userVerified } = authenticationInfo
    return { counter: newCounter, backedUp: credentialBackedUp, userVerified }
  } catch {
    // The library throws for whatever is wrong with what came from outside; none of it is told.
    return null
  }
}

/** A new credential. */
export interface NewKey extends KeyProof {
  readonly credentialId: Buffer
  readonly publicKey: Buffer
  readonly aaguid: string
}

/**
 * Verifies a new credential. Unless makes are named, only answers without a statement about the make, or signed by the
 * credential itself, are taken: a statement that nobody vouches for says nothing. Policy 3.1-c.
 */
export async function verifyAttestation(
  site: Site,
  { id, rawId, type, response }: AttestationResponse,
  challenge: string,
  makes: KeyMakes | undefined,
): Promise<NewKey | KeyRefusal> {
  const { verifyRegistrationResponse, SettingsService } = await library()
  const { clientDataJSON, attestationObject } = response
  if (makes !== undefined)
    SettingsService.setRootCertificates({ identifier: 'packed', certificates: [...makes.roots] })
  try {
    if (!(await isStatementTaken(attestationObject, makes))) return 'make not accepted'
    const { verified, registrationInfo: info } = await verifyRegistrationResponse({
      response: {
        id,
        rawId,
        type,
        clientExtensionResults: {},
        response: { clientDataJSON, attestationObject },
      },
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.rpId,
      requireUserVerification: false,
      supportedAlgorithmIDs: ALGORITHMS,
    })
    if (!verified || info === undefined) return 'signature or data not right'
    if (makes !== undefined && !makes.aaguids.includes(info.aaguid)) return 'make not accepted'
    return {
      credentialId: Buffer.from(info.credential.id, 'base64url'),
      publicKey: Buffer.from(info.credential.publicKey),
      counter: info.credential.counter,
      aaguid: info.aaguid,
      backedUp: info.credentialBackedUp,
      userVerified: info.userVerified,
    }
  } catch {
    // As above.
    return 'signature or data not right'
  }
}

async function isStatementTaken(attestationObject: string, makes: KeyMakes | undefined): Promise<boolean> {
  const { decodeAttestationObject } = await libraryHelpers()
  const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, 'base64url')))
  const format = decoded.get('fmt')
  const vouched = decoded.get('attStmt').get('x5c') !== undefined
  if (makes !== undefined) return format === 'packed' && vouched
  return format === 'none' || (format === 'packed' && !vouched)
}
