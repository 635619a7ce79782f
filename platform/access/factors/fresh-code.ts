import { PROVIDER, type FieldPlace } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { writeTo } from '../letters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { attempt, attemptSucceeded, type Attempt, type Counter } from '../sign-in/lockout.ts'
import { confirmedFactors, recoveryCodesLeft, spendRecoveryCode, spendStep } from './queries.ts'
import { recoveryCodeHash } from './recovery-code.ts'
import { matchingStep } from './totp.ts'

/** What a code was. */
export type CodeKind = 'totp' | 'recovery-code'

/** What a typed code can be, by its shape alone. */
export function kindOfCode(code: string): CodeKind {
  return /^\d{6}$/.test(code) ? 'totp' : 'recovery-code'
}

/** Whose code it is and what it is for. */
export interface CodeTry {
  readonly account: string
  readonly workspace: string | null
  readonly code: string
  readonly purpose: 'sign-in' | 'step-up'
  /** Where wrong codes are counted. */
  readonly counter: Counter
}

/** Where the secret of a factor is sealed. */
export function secretField(id: string): FieldPlace {
  return { table: 'totp_factor', column: 'secret', row: id }
}

/** Where the name of a device is sealed. */
export function labelField(kind: 'totp' | 'webauthn', id: string): FieldPlace {
  return { table: kind === 'totp' ? 'totp_factor' : 'webauthn_key', column: 'label', row: id }
}

type Parts = Pick<AccessParts, 'db' | 'clock' | 'policy' | 'keys' | 'audit' | 'post' | 'origin'>

/**
 * Runs `act` in the transaction that spends the code, a time-based or a recovery one; a code is good once, at sign-in
 * and at step-up alike. Wrong codes have counters and locks of their own. Throws `access.code-refused`. Policy 3.1-a, 3.3-d.
 */
export async function withFreshCode<Result>(
  parts: Parts,
  context: RequestContext,
  offered: CodeTry,
  act: (tx: Database, spent: CodeKind) => Promise<Result>,
): Promise<Result> {
  const { db, clock, policy, audit } = parts
  const { counter } = offered
  const taken = await attempt(db, policy, counter, clock.now())
  if (!taken.taken) throw await refuse(parts, context, offered, taken, 'locked')
  let right = false
  const done = await db
    .transaction()
    .execute(async (tx) => {
      const spent = await spend(parts, tx, offered)
      if (spent !== 'totp' && spent !== 'recovery-code') return { refused: spent } as const
      right = true
      await attemptSucceeded(tx, counter)
      await audit.record(tx, tried(context, offered, 'success', { factor: spent }))
      if (spent === 'recovery-code') await tellOwner(parts, tx, offered)
      return { result: await act(tx, spent) } as const
    })
    .catch(async (error: unknown) => {
      // The act was refused and undone, the code with it; it was right all the same and counts towards no lock.
      if (right) await attemptSucceeded(db, counter)
      throw error
    })
  if ('refused' in done) throw await refuse(parts, context, offered, taken, done.refused ?? 'wrong')
  return done.result
}

async function spend(
  { clock, keys }: Parts,
  tx: Database,
  { account, code }: CodeTry,
): Promise<'totp' | 'recovery-code' | 'wrong' | 'used'> {
  if (kindOfCode(code) === 'recovery-code') {
    const hash = recoveryCodeHash(code)
    const good = hash !== null && (await spendRecoveryCode(tx, account, hash, clock.now()))
    return good ? 'recovery-code' : 'wrong'
  }
  let answer: 'totp' | 'wrong' | 'used' = 'wrong'
  for (const factor of await confirmedFactors(tx, account)) {
    const secret = await keys.openText(PROVIDER, secretField(factor.id), factor.secret)
    const step = matchingStep(Buffer.from(secret, 'base64'), code, clock.now())
    if (step === null || answer === 'totp') continue
    answer = (await spendStep(tx, factor.id, step)) ? 'totp' : 'used'
  }
  return answer
}

/** A recovery code is used when something was lost, or stolen: its owner hears of it. */
async function tellOwner(parts: Parts, tx: Database, { account }: CodeTry): Promise<void> {
  const left = await recoveryCodesLeft(tx, account)
  await writeTo(parts, tx, account, 'recovery-code-used', { left })
}

function tried(
  context: RequestContext,
  { account, workspace, purpose }: CodeTry,
  outcome: 'success' | 'refused',
  details: Readonly<Record<string, string>>,
) {
  const target = { kind: 'account', id: account }
  return eventOf(context, 'sign-in.code-tried', {
    tenant: workspace,
    target,
    outcome,
    details: { purpose, ...details },
  })
}

async function refuse(
  parts: Parts,
  context: RequestContext,
  offered: CodeTry,
  { lockedUntil }: Attempt,
  reason: string,
): Promise<Problem> {
  const { db, audit } = parts
  await db.transaction().execute(async (tx) => {
    await audit.record(tx, tried(context, offered, 'refused', { reason }))
    if (lockedUntil === null) return
    const target = { kind: 'account', id: offered.account }
    const details = { counter: offered.counter.of, until: lockedUntil.toISOString() }
    await audit.record(tx, eventOf(context, 'account.locked', { tenant: offered.workspace, target, details }))
    // A stranger who got this far knows the password.
    if (offered.counter.of === 'account-code')
      await writeTo(parts, tx, offered.account, 'account-locked', { until: lockedUntil, unlockLink: null })
  })
  return new Problem(
    'access.code-refused',
    'The code is wrong, used up, or tried too often. Wait for the next one.',
  )
}
