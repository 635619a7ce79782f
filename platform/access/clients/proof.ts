import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify } from 'jose'
import { secondsAfter } from '../../kernel/clock.ts'
import { z } from '../../kernel/schema.ts'
import type { AccessParts } from '../parts.ts'
import { idHash } from './adapter.ts'
import { insertOnce } from './artifact-queries.ts'

/** A proof is good for this long before and after the moment that it names. */
const PROOF_SECONDS = 60
const PROOF_CHARACTERS_MAX = 8192

const claimsSchema = z.object({
  htm: z.string(),
  htu: z.string(),
  ath: z.string(),
  jti: z.string().min(1).max(256),
  iat: z.number(),
})

/** What a proof is held against. */
export interface Proven {
  readonly method: string
  /** The address that was asked, without a query. */
  readonly address: string
  readonly token: string
  /** Thumbprint of the key that the token is bound to. */
  readonly key: string
}

/**
 * Whether a request proves that its sender holds the key of a token (RFC 9449 §4.3 and §7): signed by that very key, for
 * this method, address and token, just now. Whether it came before is another question.
 */
export async function readProof(
  { clock }: Pick<AccessParts, 'clock'>,
  proof: string,
  asked: Proven,
): Promise<{ readonly id: string } | null> {
  if (proof.length > PROOF_CHARACTERS_MAX) return null
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      algorithms: ['ES256', 'EdDSA', 'Ed25519'],
      typ: 'dpop+jwt',
      currentDate: clock.now(),
      clockTolerance: PROOF_SECONDS,
    })
    const claims = claimsSchema.safeParse(payload)
    const { jwk } = protectedHeader
    if (!claims.success || jwk === undefined) return null
    const { htm, htu, ath, jti, iat } = claims.data
    const good =
      htm === asked.method &&
      sameAddress(htu, asked.address) &&
      ath === createHash('sha256').update(asked.token).digest('base64url') &&
      Math.abs(clock.now().getTime() / 1000 - iat) <= PROOF_SECONDS &&
      (await calculateJwkThumbprint(jwk)) === asked.key
    return good ? { id: jti } : null
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null
    throw error
  }
}

function sameAddress(said: string, asked: string): boolean {
  const url = URL.parse(said)
  if (url === null) return false
  url.hash = ''
  url.search = ''
  return url.href === asked
}

/** Takes a proof's id; false when it was taken before. Of two at the same moment one is refused. */
export function takeProof(
  { db, clock }: Pick<AccessParts, 'db' | 'clock'>,
  client: string,
  id: string,
): Promise<boolean> {
  const now = clock.now()
  return insertOnce(db, {
    kind: 'ResourceProof',
    id_hash: idHash(`${client} ${id}`),
    client_id: client,
    created_at: now,
    expires_at: secondsAfter(now, PROOF_SECONDS * 2 + 1),
  })
}
