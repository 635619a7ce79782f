import {
  SettingsService,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { decodeAttestationObject } from '@simplewebauthn/server/helpers'
import { ALGORITHMS, type KeyMakes, type KeyRefusal } from './ceremony.ts'
import type { AssertionResponse, AttestationResponse } from './responses.ts'
import type { Site } from './site.ts'

/** What a proof says beyond that it is right. */
export interface KeyProof {
  readonly counter: number
  readonly backedUp: boolean
  /** Whether the authenticator asked for its PIN or a biometric. */
  readonly userVerified: boolean
}

/** A new credential. */
export interface NewKey extends KeyProof {
  readonly credentialId: Buffer
  readonly publicKey: Buffer
  readonly aaguid: string
}

/** Verifies a proof by this public key; null when anything of it is not right. The caller compares the counter. */
export async function verifyAssertion(
  site: Site,
  response: AssertionResponse,
  challenge: string,
  publicKey: Buffer,
): Promise<KeyProof | null> {
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
  const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, 'base64url')))
  const format = decoded.get('fmt')
  const vouched = decoded.get('attStmt').get('x5c') !== undefined
  if (makes !== undefined) return format === 'packed' && vouched
  return format === 'none' || (format === 'packed' && !vouched)
}
