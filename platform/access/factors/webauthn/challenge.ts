import type { Database } from '../../../db/index.ts'
import { secondsAfter } from '../../../kernel/clock.ts'
import { newId } from '../../../kernel/id.ts'
import { asSecret, newSecret, sameSecret, secretHash, type Secret } from '../../../kernel/secret.ts'
import type { AccessParts } from '../../parts.ts'
import {
  burnPasskeyChallenge,
  burnSessionChallenge,
  deleteOldChallenges,
  insertChallenge,
  type Purpose,
} from './queries.ts'

/** 256 random bits that a key signs; stored only as a hash. */
export type Challenge = Secret<'challenge'>

/** How long a person may take to touch the key. */
export const CHALLENGE_SECONDS = 300

/** What a challenge is bound to: a purpose and, but for a passkey, the session that asked. */
export type Bound =
  | { readonly purpose: 'passkey' }
  | { readonly purpose: Exclude<Purpose, 'passkey'>; readonly session: string }

type Parts = Pick<AccessParts, 'clock'> & { readonly db: Database }

/** A fresh challenge; an earlier one of the same session and purpose is worth nothing any more. */
export async function newChallenge({ db, clock }: Parts, bound: Bound): Promise<Challenge> {
  const challenge: Challenge = newSecret()
  const now = clock.now()
  await deleteOldChallenges(db, now)
  await insertChallenge(db, {
    id: newId(clock),
    challenge_hash: secretHash(challenge),
    purpose: bound.purpose,
    session_id: 'session' in bound ? bound.session : null,
    expires_at: secondsAfter(now, CHALLENGE_SECONDS),
  })
  return challenge
}

/**
 * Burns the challenge and tells whether this one was open: before anything else of the answer is looked at, and
 * outside of every transaction, so that a failed answer burns it just as well. Policy 3.1-c.
 */
export async function burnChallenge({ db, clock }: Parts, bound: Bound, answered: string): Promise<boolean> {
  const hash = secretHash(asSecret(answered))
  const row =
    'session' in bound
      ? await burnSessionChallenge(db, bound.session, bound.purpose)
      : await burnPasskeyChallenge(db, hash)
  if (row === undefined || row.expires_at <= clock.now()) return false
  return sameSecret(asSecret(row.challenge_hash.toString('base64')), asSecret(hash.toString('base64')))
}
