import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'
import type { Challenge } from './challenge.ts'
import { CHALLENGE_SECONDS } from './challenge.ts'
import { readClientData, type ClientData } from './responses.ts'
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
export const ALGORITHMS = [-8, -7, -257]
const NAME = 'Surety'

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
