import { randomInt, timingSafeEqual } from 'node:crypto'
import { PROVIDER, type FieldPlace, type LookUp } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { smsLifetime } from '../parameters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { closeIfPumped, withheld, type Withheld } from './sms-budget.ts'
import { insertCode, lockSending, useCode } from './sms-queries.ts'

/** What a code is asked for; it is good for nothing else. */
export type SmsPurpose = 'enrol' | 'sign-in' | 'step-up'

/** A number as it is stored. */
export interface StoredNumber {
  readonly id: string
  readonly number: Buffer
  readonly number_index: Buffer
  readonly country: string
  readonly area: string
}

type Parts = Pick<AccessParts, 'db' | 'clock' | 'policy' | 'keys' | 'audit' | 'post' | 'origin' | 'sms'>

/** Where a number is sealed. */
export function numberField(id: string): FieldPlace {
  return { table: 'sms_factor', column: 'number', row: id }
}

/** What a number is looked up by; the first is what is stored. */
export function numberLookUp(keys: Parts['keys'], number: string): Promise<LookUp> {
  return keys.lookUp(PROVIDER, 'sms_factor.number', number)
}

/** The session that a code is for. */
export interface CodeHolder {
  readonly account: string
  readonly session: string
  readonly workspace: string | null
  readonly purpose: SmsPurpose
}

/** A code belongs to its row, account and session: the same digits anywhere else hash to something else. Policy 3.1-b. */
function codeHash(
  { keys }: Pick<Parts, 'keys'>,
  id: string,
  { account, session, purpose }: CodeHolder,
  code: string,
): Promise<LookUp> {
  return keys.lookUp(PROVIDER, 'sms_code.hash', [id, account, session, purpose, code].join(' '))
}

/**
 * Sends a fresh code to a number unless a budget is used up; an earlier one of the session is worth nothing then. Guesses are
 * counted elsewhere and go on. Tells why nothing was sent. Policy 3.1-b.
 */
export async function sendCode(
  parts: Parts,
  tx: Database,
  context: RequestContext,
  to: StoredNumber,
  holder: CodeHolder,
): Promise<Withheld | null> {
  const { account, workspace, purpose } = holder
  const about = { tenant: workspace, target: { kind: 'account', id: account } }
  const number = await parts.keys.openText(PROVIDER, numberField(to.id), to.number)
  const lookUp = await numberLookUp(parts.keys, number)
  const why = await reasonAgainst(parts, tx, context, { ...to, lookUp }, holder)
  if (why !== null) {
    const details = { purpose, reason: why }
    await parts.audit.record(tx, eventOf(context, 'sms.withheld', { ...about, outcome: 'refused', details }))
    return why
  }
  await storeAndSend(parts, tx, { ...to, plain: number }, holder)
  const details = { purpose, country: to.country }
  await parts.audit.record(tx, eventOf(context, 'sms.sent', { ...about, details }))
  return null
}

async function reasonAgainst(
  { clock, policy, audit, sms }: Parts,
  tx: Database,
  context: RequestContext,
  { country, area, lookUp }: StoredNumber & { readonly lookUp: LookUp },
  { account, workspace }: CodeHolder,
): Promise<Withheld | null> {
  const now = clock.now()
  await lockSending(tx)
  for (const closure of await closeIfPumped(tx, country, policy.read(smsLifetime), now))
    await audit.record(tx, eventOf(context, 'sms.closed', { tenant: null, details: { ...closure } }))
  return withheld(tx, { account, workspace, number: lookUp, country, area }, sms.codesPerHourMax, now)
}

async function storeAndSend(
  parts: Parts,
  tx: Database,
  to: StoredNumber & { readonly plain: string },
  holder: CodeHolder,
): Promise<void> {
  const { clock, policy, post, origin } = parts
  const now = clock.now()
  const lifetime = policy.read(smsLifetime)
  const id = newId(clock)
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const expires = secondsAfter(now, lifetime)
  await insertCode(tx, {
    id,
    account_id: holder.account,
    factor_id: to.id,
    session_id: holder.session,
    workspace_id: holder.workspace,
    purpose: holder.purpose,
    hash: (await codeHash(parts, id, holder, code))[0],
    number_index: to.number_index,
    country: to.country,
    area: to.area,
    created_at: now,
    expires_at: expires,
  })
  const text = codeText(code, origin, lifetime)
  await post.textMessage(tx, {
    to: to.plain,
    text,
    kind: 'code',
    account: holder.account,
    goodUntil: expires,
  })
}

/** The last line ties the code to this site: browsers fill it in nowhere else. */
function codeText(code: string, origin: string, lifetimeSeconds: number): string {
  const { hostname } = new URL(origin)
  const minutes = Math.floor(lifetimeSeconds / 60)
  return [
    `${code} is your code for ${hostname}. It works once, for ${minutes} minutes.`,
    'You did not ask? Then somebody knows your password: change it.',
    '',
    `@${hostname} #${code}`,
  ].join('\n')
}

/** Uses this code up if it is right; of two at once one wins. Policy 3.1-b. */
export async function spendCode(
  parts: Pick<Parts, 'clock' | 'keys'>,
  tx: Database,
  open: { readonly id: string; readonly hash: Buffer },
  holder: CodeHolder,
  code: string,
): Promise<boolean> {
  const hashes = await codeHash(parts, open.id, holder, code)
  if (!hashes.some((hash) => open.hash.length === hash.length && timingSafeEqual(open.hash, hash)))
    return false
  return useCode(tx, open.id, parts.clock.now())
}
