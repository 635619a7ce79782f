import { PROVIDER, type FieldPlace } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import { localProgram, type RequestContext } from '../../kernel/caller.ts'
import { DAY, HOUR, secondsAfter } from '../../kernel/clock.ts'
import { forEachOne } from '../../kernel/each.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import { emailLookUp, faceOf } from '../accounts/accounts.ts'
import { accountByEmail, accountById, lockAccount } from '../accounts/queries.ts'
import { RESET_REST_SECONDS } from '../elevation/elevation-parts.ts'
import { requireFresh } from '../factors/freshness.ts'
import { standingOf } from '../factors/owned.ts'
import { numberField } from '../factors/sms-code.ts'
import { confirmedNumbers } from '../factors/sms-queries.ts'
import { writeTo } from '../letters.ts'
import { recoveryDelay } from '../parameters.ts'
import { eventOf } from '../parts.ts'
import { findAccountLink, LINK_SECONDS, makeAccountLink, spendAccountLink } from './account-links.ts'
import { endEverything, type RecoveryParts } from './recovery.ts'
import {
  approveReset,
  closeEnrolment,
  deleteFactors,
  endReset,
  insertReset,
  openReset,
  openResets,
  type ResetRow,
} from './queries.ts'

/** A request that nobody agreed to in this time is over. */
const UNANSWERED_SECONDS = DAY

/** A reset that is under way. */
export interface ResetFace {
  readonly id: string
  readonly account: string
  readonly email: string
  readonly name: string
  readonly reason: string
  readonly requestedBy: string | null
  readonly requestedAt: string
  readonly approvedBy: string | null
  /** When it takes effect; null before a second person agreed. */
  readonly effectiveAt: string | null
}

type Parts = RecoveryParts

function reasonField(id: string): FieldPlace {
  return { table: 'factor_reset', column: 'reason', row: id }
}

/**
 * Resetting somebody's second factors: one person asks, another one agrees, and for whoever is privileged a day passes. The
 * person hears of it by every channel and can stop it. Policy 3.1-0.
 */
export function openFactorResets(parts: Parts) {
  const { db } = parts
  return {
    request: (context: RequestContext, wanted: { readonly email: string; readonly reason: string }) =>
      request(parts, context, wanted),
    approve: (context: RequestContext, id: string) => approve(parts, context, id),
    /** The open ones. */
    list: async (): Promise<readonly ResetFace[]> =>
      (await Promise.all((await openResets(db)).map((row) => faceOfReset(parts, row)))).filter(
        (one) => one !== null,
      ),
    /** Whether one is open for the caller. */
    own: async (context: RequestContext) => {
      const row = (await openResets(db, context.caller.id))[0]
      if (row === undefined) return null
      const effectiveAt = await effectAt(parts, db, row)
      return {
        id: row.id,
        requestedAt: row.requested_at.toISOString(),
        effectiveAt: effectiveAt?.toISOString() ?? null,
      }
    },
    /** Stopped by one of the people who may reset. */
    cancel: (context: RequestContext, id: string): Promise<void> => cancel(parts, context, { id }),
    /** Stopped by the person, in a session. */
    cancelOwn: (context: RequestContext): Promise<void> =>
      cancel(parts, context, { account: context.caller.id }),
    /** Stopped by the person, with the link from the letter. */
    cancelByLink: (context: RequestContext, token: string): Promise<void> =>
      cancelByLink(parts, context, token),
    /** Carries out what is due, of all or one, and ends what nobody agreed to; returns how many took effect. */
    runDue: (only?: string): Promise<number> => runDue(parts, only),
  }
}

/** Two people in sessions of their own; no key and no program. */
function requirePerson({ clock, policy }: Parts, { caller }: RequestContext): string {
  if (caller.kind !== 'account' || caller.onBehalfOf !== null)
    throw new Problem('access.denied', 'Only a person in a session of their own can do this.')
  requireFresh({ clock, policy }, caller)
  return caller.id
}

async function request(
  parts: Parts,
  context: RequestContext,
  wanted: { readonly email: string; readonly reason: string },
): Promise<{ readonly id: string }> {
  const { db, clock, keys } = parts
  const by = requirePerson(parts, context)
  const account = await accountByEmail(db, await emailLookUp(keys, wanted.email))
  if (account === undefined || account.disabled_at !== null)
    throw new Problem('resource.unknown', 'There is no such account.')
  if (account.id === by) throw new Problem('access.own-request', 'Nobody resets their own factors.')
  const id = newId(clock)
  const reason = await keys.sealText(PROVIDER, reasonField(id), wanted.reason)
  return db.transaction().execute(async (tx) => {
    const row = { id, account_id: account.id, requested_by: by, reason, requested_at: clock.now() }
    if (!(await insertReset(tx, row)))
      throw new Problem('resource.conflict', 'A reset is under way for this account.')
    await record(parts, tx, context, 'reset.requested', row)
    const cancelLink = await makeAccountLink(parts, tx, 'cancel-reset', { account: account.id, reset: id })
    const hours = (await delaySeconds(parts, tx, account.id)) / HOUR
    await writeTo(parts, tx, account.id, 'reset-requested', { cancelLink, hours })
    await textNumbers(parts, tx, account.id, 'Somebody asked to reset the second factors of your account')
    return { id }
  })
}

async function approve(
  parts: Parts,
  context: RequestContext,
  id: string,
): Promise<{ readonly effectiveAt: string }> {
  const { db, clock } = parts
  const by = requirePerson(parts, context)
  return db.transaction().execute(async (tx) => {
    const row = await openReset(tx, id)
    const now = clock.now()
    if (row === undefined || row.approved_at !== null || isUnanswered(row, now))
      throw new Problem('access.too-late', 'This reset was decided or has ended.')
    // Policy 3.1-0: two people, and neither is the one whom it is about. Whoever asked and left no longer counts.
    if (by === row.account_id || by === row.requested_by || row.requested_by === null)
      throw new Problem('access.own-request', 'Somebody else has to agree.')
    await approveReset(tx, id, by, now)
    await record(parts, tx, context, 'reset.approved', row)
    const seconds = await delaySeconds(parts, tx, row.account_id)
    if (seconds === 0) {
      await carryOut(parts, tx, context, row)
      return { effectiveAt: now.toISOString() }
    }
    const effectiveAt = secondsAfter(now, seconds)
    const cancelLink = await makeAccountLink(parts, tx, 'cancel-reset', {
      account: row.account_id,
      reset: id,
    })
    await writeTo(parts, tx, row.account_id, 'reset-approved', { cancelLink, effectiveAt })
    await textNumbers(parts, tx, row.account_id, 'The second factors of your account will be reset')
    return { effectiveAt: effectiveAt.toISOString() }
  })
}

/** Whoever is of the staff or administers a workspace waits; judged at every look, by the policy of that moment. Policy 3.1-0. */
async function delaySeconds({ policy }: Parts, db: Database, account: string): Promise<number> {
  const { staff, administers } = await standingOf(db, account)
  return staff || administers ? policy.read(recoveryDelay) : 0
}

async function effectAt(parts: Parts, db: Database, row: ResetRow): Promise<Date | null> {
  if (row.approved_at === null) return null
  return secondsAfter(row.approved_at, await delaySeconds(parts, db, row.account_id))
}

function isUnanswered(row: ResetRow, now: Date): boolean {
  return row.approved_at === null && secondsAfter(row.requested_at, UNANSWERED_SECONDS) <= now
}

/** Takes every factor; the next one is set up behind the link that goes to the person's mailbox, with the password. */
async function carryOut(parts: Parts, tx: Database, context: RequestContext, row: ResetRow): Promise<void> {
  const { clock } = parts
  const now = clock.now()
  const account = row.account_id
  await textNumbers(parts, tx, account, 'The second factors of your account were reset')
  await lockAccount(tx, account)
  const factors = await deleteFactors(tx, account)
  await endEverything(parts, tx, context, account)
  await closeEnrolment(tx, account, secondsAfter(now, RESET_REST_SECONDS))
  await endReset(tx, row.id, 'done', now)
  await record(parts, tx, context, 'reset.done', row, { factors })
  const link = await makeAccountLink(parts, tx, 'enrol', { account })
  await writeTo(parts, tx, account, 'reset-done', { link, hours: LINK_SECONDS.enrol / HOUR })
}

async function cancel(
  parts: Parts,
  context: RequestContext,
  which: { readonly id?: string; readonly account?: string },
): Promise<void> {
  await parts.db.transaction().execute(async (tx) => {
    const id = which.id ?? (await openResets(tx, which.account ?? ''))[0]?.id
    await cancelOpen(parts, tx, context, id)
  })
}

async function cancelByLink(parts: Parts, context: RequestContext, token: string): Promise<void> {
  const link = await findAccountLink(parts, context, token, 'cancel-reset')
  await parts.db.transaction().execute(async (tx) => {
    await spendAccountLink(parts, tx, context, link)
    await cancelOpen(parts, tx, context, link.reset_id ?? undefined)
  })
}

async function cancelOpen(
  parts: Parts,
  tx: Database,
  context: RequestContext,
  id: string | undefined,
): Promise<void> {
  const row = id === undefined ? undefined : await openReset(tx, id)
  if (row === undefined) throw new Problem('access.too-late', 'There is no reset to stop.')
  await endReset(tx, row.id, 'cancelled', parts.clock.now())
  await record(parts, tx, context, 'reset.cancelled', row)
  await writeTo(parts, tx, row.account_id, 'reset-cancelled', {})
}

async function runDue(parts: Parts, only?: string): Promise<number> {
  const { db, clock } = parts
  let done = 0
  await forEachOne(await openResets(db), async ({ id }) => {
    if (only !== undefined && id !== only) return
    const context = { requestId: newId(clock), caller: localProgram('operator', 'resets') }
    await db.transaction().execute(async (tx) => {
      const row = await openReset(tx, id)
      if (row === undefined) return
      const now = clock.now()
      if (isUnanswered(row, now)) {
        await endReset(tx, id, 'expired', now)
        await record(parts, tx, context, 'reset.cancelled', row, { reason: 'nobody agreed' })
        return
      }
      const effective = await effectAt(parts, tx, row)
      if (effective === null || effective > now) return
      if ((await accountById(tx, row.account_id))?.disabled_at !== null) {
        await endReset(tx, id, 'cancelled', now)
        return
      }
      await carryOut(parts, tx, context, row)
      done += 1
    })
  })
  return done
}

/** Says it to every number of the account, too: whoever reads its mail may be the one who asked. */
async function textNumbers(
  { keys, post, origin }: Parts,
  tx: Database,
  account: string,
  what: string,
): Promise<void> {
  const { hostname } = new URL(origin)
  for (const row of await confirmedNumbers(tx, account)) {
    const to = await keys.openText(PROVIDER, numberField(row.id), row.number)
    const text = `${what} at ${hostname}. If you did not ask for it, sign in and stop it, or open the link in our letter.`
    await post.textMessage(tx, { to, text, kind: 'reset', account })
  }
}

function record(
  { audit }: Parts,
  tx: Database,
  context: RequestContext,
  type: 'reset.requested' | 'reset.approved' | 'reset.cancelled' | 'reset.done',
  row: Pick<ResetRow, 'id' | 'account_id'>,
  details: Readonly<Record<string, string | number>> = {},
): Promise<void> {
  const target = { kind: 'account', id: row.account_id }
  return audit.record(
    tx,
    eventOf(context, type, { tenant: null, target, details: { reset: row.id, ...details } }),
  )
}

async function faceOfReset(parts: Parts, row: ResetRow): Promise<ResetFace | null> {
  const person = await faceOf(parts, parts.db, row.account_id)
  if (person === null) return null
  const effectiveAt = await effectAt(parts, parts.db, row)
  return {
    id: row.id,
    account: person.id,
    email: person.email,
    name: person.name,
    reason: await parts.keys.openText(PROVIDER, reasonField(row.id), row.reason),
    requestedBy: row.requested_by,
    requestedAt: row.requested_at.toISOString(),
    approvedBy: row.approved_by,
    effectiveAt: effectiveAt?.toISOString() ?? null,
  }
}
