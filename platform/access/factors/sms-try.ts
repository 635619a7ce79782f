import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { writeTo } from '../letters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { attempt, attemptSucceeded, type Attempt, type Counter } from '../sign-in/lockout.ts'
import { spendCode, type CodeHolder } from './sms-code.ts'
import { openCode } from './sms-queries.ts'

type Parts = Pick<AccessParts, 'db' | 'clock' | 'policy' | 'keys' | 'audit' | 'post' | 'origin'>

/** A code as it was typed, and where wrong ones are counted: at the number unless told. */
export interface SmsTry {
  readonly holder: CodeHolder
  readonly code: string
  readonly counter?: Counter
}

/**
 * Runs `act` in the transaction that uses the code of this session up. Wrong ones are counted before they are looked at, at the
 * number, the device or the session: another code sets no count back. Throws `access.code-refused`. Policy 3.1-b, 3.3-d.
 */
export async function withSmsCode<Result>(
  parts: Parts,
  context: RequestContext,
  { holder, code, counter: given }: SmsTry,
  act: (tx: Database, number: string) => Promise<Result>,
): Promise<Result> {
  const { db, clock, policy, audit } = parts
  const open = await openCode(db, { ...holder, now: clock.now() })
  const number = open?.factor_id ?? null
  // Without an open code no guess can be right, so that none needs counting.
  if (open === undefined || number === null) throw await refuse(parts, context, holder, 'no code is open')
  const counter = given ?? { of: 'sms-code', id: number }
  const taken = await attempt(db, policy, counter, clock.now())
  if (!taken.taken) throw await refuse(parts, context, holder, 'locked', { taken, counter })
  let right = false
  const done = await db
    .transaction()
    .execute(async (tx) => {
      if (!(await spendCode(parts, tx, open, holder, code))) return { refused: true } as const
      right = true
      await attemptSucceeded(tx, counter)
      await audit.record(tx, tried(context, holder, 'success', { factor: 'sms' }))
      return { refused: false, result: await act(tx, number) } as const
    })
    .catch(async (error: unknown) => {
      // The act was refused and undone, the code with it; it was right all the same and counts towards no lock.
      if (right) await attemptSucceeded(db, counter)
      throw error
    })
  if (done.refused) throw await refuse(parts, context, holder, 'wrong or used up', { taken, counter })
  return done.result
}

function tried(
  context: RequestContext,
  { account, workspace, purpose }: CodeHolder,
  outcome: 'success' | 'refused',
  details: Readonly<Record<string, string>>,
) {
  const target = { kind: 'account', id: account }
  const about = { tenant: workspace, target, outcome }
  return eventOf(context, 'sign-in.code-tried', { ...about, details: { purpose, ...details } })
}

/** One answer for every reason; only the audit log knows it. */
async function refuse(
  parts: Parts,
  context: RequestContext,
  holder: CodeHolder,
  reason: string,
  counted?: { readonly taken: Attempt; readonly counter: Counter },
): Promise<Problem> {
  const { db, audit } = parts
  const until = counted?.taken.lockedUntil ?? null
  await db.transaction().execute(async (tx) => {
    await audit.record(tx, tried(context, holder, 'refused', { factor: 'sms', reason }))
    if (counted === undefined || until === null) return
    const target = { kind: 'account', id: holder.account }
    const details = { counter: counted.counter.of, until: until.toISOString() }
    await audit.record(tx, eventOf(context, 'account.locked', { tenant: holder.workspace, target, details }))
    await writeTo(parts, tx, holder.account, 'account-locked', { until, unlockLink: null })
  })
  return new Problem(
    'access.code-refused',
    'The code is wrong, used up, too old, or tried too often. Ask for another one, or use a recovery code.',
  )
}
