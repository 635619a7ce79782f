import { PROVIDER, type FieldPlace } from '../../encryption/index.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { asSecret, newSecret, secretHash, type Secret } from '../../kernel/secret.ts'
import { z } from '../../kernel/schema.ts'
import type { AccessParts } from '../parts.ts'
import type { Question } from './provider.ts'
import { insertAttempt, takeAttempt } from './queries.ts'

/** A person has this long to sign in at the provider. */
export const WAY_SECONDS = 600

/** What the cookie of the browser that began carries. */
export type BrowserToken = Secret<'upstream browser'>

/** A way that was begun. */
export interface BegunWay {
  readonly question: Question
  readonly browser: BrowserToken
}

/** A way that came back. */
export interface ReturnedWay {
  readonly question: Question
  readonly connection: string
  /** The session that wanted to link; null for a sign-in. */
  readonly session: string | null
}

const sealedSchema = z.strictObject({ nonce: z.string(), verifier: z.string() })

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys'>

function secretsField(stateHash: Buffer): FieldPlace {
  return { table: 'upstream_attempt', column: 'secrets', row: stateHash.toString('hex') }
}

/**
 * Begins a way to a provider. State, nonce and code verifier are random; state and browser are kept as hashes, the rest
 * sealed.
 */
export async function beginWay(
  { db, clock, keys }: Parts,
  connection: string,
  session: string | null,
): Promise<BegunWay> {
  const question = { state: newSecret(), nonce: newSecret(), verifier: newSecret(48) }
  const browser: BrowserToken = newSecret()
  const stateHash = secretHash(question.state)
  const { nonce, verifier } = question
  const now = clock.now()
  await insertAttempt(db, {
    state_hash: stateHash,
    browser_hash: secretHash(browser),
    connection_id: connection,
    session_id: session,
    secrets: await keys.sealText(PROVIDER, secretsField(stateHash), JSON.stringify({ nonce, verifier })),
    created_at: now,
    expires_at: secondsAfter(now, WAY_SECONDS),
  })
  return { question, browser }
}

/** Takes a way that came back: once, in time, in the browser that began it; null otherwise. */
export async function takeWay(
  { db, clock, keys }: Parts,
  state: string,
  browser: BrowserToken | null,
): Promise<ReturnedWay | null> {
  if (browser === null) return null
  const stateHash = secretHash(asSecret(state))
  const row = await takeAttempt(db, stateHash, secretHash(browser), clock.now())
  if (row === undefined) return null
  const sealed = await keys.openText(PROVIDER, secretsField(stateHash), row.secrets)
  const { nonce, verifier } = sealedSchema.parse(JSON.parse(sealed))
  return { question: { state, nonce, verifier }, connection: row.connection_id, session: row.session_id }
}
