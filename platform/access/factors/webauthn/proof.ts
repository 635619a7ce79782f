import type { Database } from '../../../db/index.ts'
import type { RequestContext } from '../../../kernel/caller.ts'
import { Problem } from '../../../kernel/problem.ts'
import { writeTo } from '../../letters.ts'
import { eventOf, type AccessParts } from '../../parts.ts'
import { burnChallenge, type Bound } from './challenge.ts'
import { clientDataOf, userHandle, type KeyRefusal } from './ceremony.ts'
import { decoyKey } from './cose.ts'
import { keyByCredential, useKey } from './queries.ts'
import type { AssertionResponse } from './responses.ts'
import { siteOf } from './site.ts'
import type { KeyProof } from './verification.ts'
import type { Verifier } from './verifier.ts'

/** What proving by a key works with. */
export type ProofParts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit' | 'post' | 'origin'> & {
  readonly verifier: Pick<Verifier, 'proof'>
}

/** An answer of a key and what it is for; `account` is null when only the key says whose it is. */
export interface KeyTry {
  readonly bound: Bound
  readonly account: string | null
  readonly workspace: string | null
  readonly response: AssertionResponse
}

/** A key that was proved. */
export interface ProvedKey {
  readonly id: string
  readonly account: string
  readonly userVerified: boolean
}

type Key = NonNullable<Awaited<ReturnType<typeof keyByCredential>>>

/**
 * Runs `act` in the transaction that notes the use of a key. The challenge is burned first, right or wrong. An unknown key
 * takes the same steps as a known one, and every refusal is one answer: `access.refused` for a passkey,
 * `access.key-refused` otherwise. Policy 3.1-c, 8.1-b.
 */
export async function withKey<Result>(
  parts: ProofParts,
  context: RequestContext,
  offered: KeyTry,
  act: (tx: Database, proved: ProvedKey) => Promise<Result>,
): Promise<Result> {
  const read = await readProof(parts, offered)
  if ('refusal' in read) throw await refuse(parts, context, offered, read)
  const { key, proof } = read
  const done = await parts.db.transaction().execute(async (tx) => {
    const use = { counter: proof.counter, backedUp: proof.backedUp, at: parts.clock.now() }
    if (!(await useKey(tx, key.id, use))) return null
    await parts.audit.record(tx, tried(context, offered, key, 'success', { verified: proof.userVerified }))
    const { userVerified } = proof
    return { result: await act(tx, { id: key.id, account: key.account_id, userVerified }) }
  })
  if (done === null) throw await refuse(parts, context, offered, { key, refusal: 'counter went back' })
  return done.result
}

async function readProof(
  { db, clock, origin, verifier }: ProofParts,
  { bound, account, response }: KeyTry,
): Promise<
  | { readonly key: Key; readonly proof: KeyProof }
  | { readonly key: Key | undefined; readonly refusal: KeyRefusal }
> {
  const site = siteOf(origin)
  const { data, refusal } = clientDataOf(response.response.clientDataJSON, site, 'webauthn.get')
  const challenge = data?.challenge ?? ''
  const open = await burnChallenge({ db, clock }, bound, challenge)
  const key = await keyByCredential(db, Buffer.from(response.id, 'base64url'))
  const proof = await verifier.proof(site, response, challenge, key?.public_key ?? decoyKey)
  if (refusal !== null) return { key, refusal }
  if (!open) return { key, refusal: 'challenge not open' }
  if (key === undefined) return { key, refusal: 'unknown key' }
  if (proof === null) return { key, refusal: 'signature or data not right' }
  const named = response.response.userHandle ?? null
  if (account !== null && key.account_id !== account) return { key, refusal: 'not this account’s key' }
  if (named !== null && named !== userHandle(key.account_id))
    return { key, refusal: 'not this account’s key' }
  if (key.disabled_at !== null) return { key, refusal: 'disabled account' }
  return { key, proof }
}

function tried(
  context: RequestContext,
  { bound, account, workspace }: KeyTry,
  key: Key | undefined,
  outcome: 'success' | 'refused',
  details: Readonly<Record<string, string | boolean>>,
) {
  const id = account ?? key?.account_id
  return eventOf(context, 'sign-in.key-tried', {
    tenant: workspace,
    target: id === undefined ? null : { kind: 'account', id },
    outcome,
    details: { purpose: bound.purpose, ...(key === undefined ? {} : { key: key.id }), ...details },
  })
}

async function refuse(
  parts: ProofParts,
  context: RequestContext,
  offered: KeyTry,
  { key, refusal }: { readonly key: Key | undefined; readonly refusal: KeyRefusal },
): Promise<Problem> {
  const { db, audit } = parts
  await db.transaction().execute(async (tx) => {
    await audit.record(tx, tried(context, offered, key, 'refused', { reason: refusal }))
    if (refusal !== 'counter went back' || key === undefined) return
    // Two devices that hold one key: the owner hears of it, and the key stays as it is for the one that goes on.
    const target = { kind: 'account', id: key.account_id }
    await audit.record(tx, eventOf(context, 'factor.copied', { target, details: { key: key.id } }))
    await writeTo(parts, tx, key.account_id, 'key-copied', {})
  })
  return offered.bound.purpose === 'passkey'
    ? new Problem('access.refused', 'This passkey was not accepted.')
    : new Problem('access.key-refused', 'The security key was not accepted. Start again.')
}
