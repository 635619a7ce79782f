import { PROVIDER } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { DAY, secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import { lockAccount } from '../accounts/queries.ts'
import type { AccessParts } from '../parts.ts'
import {
  provedAgain,
  requireCounts,
  requireMayEnrol,
  requireWaiting,
  secondProved,
  type SignedIn,
} from '../sign-in/assurance.ts'
import { knownDevice, type DeviceToken } from '../sign-in/device.ts'
import { dutyOf, suffices } from '../sign-in/standing.ts'
import { factorAdded, finishEnrolment, type ChangeParts, type Enrolled } from './changes.ts'
import { requireFresh } from './freshness.ts'
import { standingOf } from './owned.ts'
import { numberField, numberLookUp, sendCode, type CodeHolder, type SmsPurpose } from './sms-code.ts'
import { maskedNumber, readNumber } from './sms-number.ts'
import {
  confirmedNumbers,
  confirmNumber,
  insertPendingNumber,
  isProbe,
  noteNumberUse,
  pendingNumber,
} from './sms-queries.ts'
import { withSmsCode } from './sms-try.ts'
import { requireFull } from './step-up.ts'

/** A number that waits ten minutes to be confirmed with its first code. */
const PENDING_SECONDS = 600
/** A number that joins other factors is accepted after this: whoever took over a session gains nothing at once. */
const COOL_DOWN_SECONDS = DAY

/** What somebody who starts with a number is told, whether or not a code could be sent. */
export interface NumberOffer {
  readonly factorId: string
}

/** A number of the caller's own, without most of its digits. */
export interface NumberFace {
  readonly id: string
  readonly number: string
  /** From when on it is accepted at sign-in. */
  readonly usableFrom: string
}

type Parts = ChangeParts & Pick<AccessParts, 'sms'>

/** Codes by text message, the weakest second factor: never for staff and administrators, who prove another one. Policy 3.1-b. */
export function openSms(parts: Parts) {
  return {
    /** Starts with a number: while enrolling the first factor, or with a fresh factor in a full session. */
    start: (context: RequestContext, typed: string): Promise<NumberOffer> => start(parts, context, typed),
    /** Confirms the number with the code that was sent to it; nothing comes back for a session that was full before. */
    confirm: (
      context: RequestContext,
      wanted: { readonly factorId: string; readonly code: string; readonly device: DeviceToken | null },
    ): Promise<Enrolled | null> => confirm(parts, context, wanted),
    /** Sends a code for the sign-in or step-up of this session, if there is a number that may have one. Never tells. */
    send: (context: RequestContext): Promise<void> => send(parts, context),
    /** The code of a waiting sign-in. Throws `access.code-refused`. */
    signIn: (
      context: RequestContext,
      offered: { readonly code: string; readonly device: DeviceToken | null },
    ): Promise<SignedIn> => signIn(parts, context, offered),
    /** The code of a step-up inside a full session. Throws `access.code-refused`. */
    stepUp: (context: RequestContext, code: string): Promise<SignedIn> => stepUp(parts, context, code),
    list: (context: RequestContext): Promise<readonly NumberFace[]> => list(parts, context.caller.id),
  }
}

function holderOf({ caller }: RequestContext, purpose: SmsPurpose): CodeHolder {
  const { id: account, sessionId: session, workspaceId: workspace, kind } = caller
  if (kind !== 'account' || session === null)
    throw new Problem('access.unauthenticated', 'Give your password first.')
  return { account, session, workspace, purpose }
}

/** Whether codes by text message count for the account. Policy 3.1-b. */
async function requireTextsCount({ policy }: Parts, db: Database, account: string): Promise<void> {
  if (!suffices(dutyOf(policy, await standingOf(db, account)), ['password', 'sms']))
    throw new Problem('resource.conflict', 'Text messages do not count for your role.')
}

/** Holds the account and refuses whoever may not set up a number now. */
async function requireMayStart(parts: Parts, tx: Database, context: RequestContext) {
  if (context.caller.level === 'enrolling') return requireMayEnrol(parts, tx, context, 'sms')
  const { account } = requireFull(context)
  await lockAccount(tx, account)
  await requireTextsCount(parts, tx, account)
  return null
}

async function start(parts: Parts, context: RequestContext, typed: string): Promise<NumberOffer> {
  const { db, clock, keys } = parts
  const holder = holderOf(context, 'enrol')
  if (context.caller.level !== 'enrolling') {
    requireFull(context)
    requireFresh(parts, context.caller)
  }
  const probe = await isProbe(db, holder.account)
  const { number, country, area } = await readNumber(typed, parts.sms.countries, { probe })
  const id = newId(clock)
  return db.transaction().execute(async (tx) => {
    await requireMayStart(parts, tx, context)
    const row = {
      id,
      account_id: holder.account,
      number: await keys.sealText(PROVIDER, numberField(id), number),
      number_index: (await numberLookUp(keys, number))[0],
      country,
      area,
      created_at: clock.now(),
    }
    await insertPendingNumber(tx, row)
    await sendCode(parts, tx, context, row, holder)
    return { factorId: id }
  })
}

async function confirm(
  parts: Parts,
  context: RequestContext,
  wanted: { readonly factorId: string; readonly code: string; readonly device: DeviceToken | null },
): Promise<Enrolled | null> {
  const { clock } = parts
  const holder = holderOf(context, 'enrol')
  const counter = { of: 'session-code', id: holder.session } as const
  return withSmsCode(parts, context, { holder, code: wanted.code, counter }, async (tx, number) => {
    const may = await requireMayStart(parts, tx, context)
    const now = clock.now()
    const pending = await pendingNumber(
      tx,
      holder.account,
      wanted.factorId,
      secondsAfter(now, -PENDING_SECONDS),
    )
    if (pending === undefined || pending.id !== number)
      throw new Problem('resource.unknown', 'Start with the number again.')
    const usableFrom = may?.first === true ? now : secondsAfter(now, COOL_DOWN_SECONDS)
    await confirmNumber(tx, pending.id, now, usableFrom)
    const added = { kind: 'sms', id: pending.id } as const
    if (may !== null) return finishEnrolment(parts, tx, context, may, { ...added, device: wanted.device })
    await factorAdded(parts, tx, context, added)
    return null
  })
}

async function send(parts: Parts, context: RequestContext): Promise<void> {
  const { db, clock } = parts
  const waiting = context.caller.level === 'password'
  if (waiting) requireWaiting(context)
  else requireFull(context)
  const holder = holderOf(context, waiting ? 'sign-in' : 'step-up')
  const now = clock.now()
  await db.transaction().execute(async (tx) => {
    const usable = (await confirmedNumbers(tx, holder.account)).find(
      ({ usable_from: from }) => from !== null && from <= now,
    )
    if (usable !== undefined) await sendCode(parts, tx, context, usable, holder)
  })
}

async function signIn(
  parts: Parts,
  context: RequestContext,
  offered: { readonly code: string; readonly device: DeviceToken | null },
): Promise<SignedIn> {
  requireWaiting(context)
  const holder = holderOf(context, 'sign-in')
  await requireCounts(parts, holder.account, 'sms')
  const known = await knownDevice(parts.db, holder.account, offered.device)
  // A stranger who knows the password counts at the number and cannot lock the owner out on a device of theirs.
  const counter = known === null ? {} : { counter: { of: 'device-code', id: known } as const }
  return withSmsCode(parts, context, { holder, code: offered.code, ...counter }, async (tx, number) => {
    await noteNumberUse(tx, number, parts.clock.now())
    return secondProved(parts, tx, context, { factor: 'sms', device: offered.device })
  })
}

async function stepUp(parts: Parts, context: RequestContext, code: string): Promise<SignedIn> {
  const { session } = requireFull(context)
  const holder = holderOf(context, 'step-up')
  await requireTextsCount(parts, parts.db, holder.account)
  const counter = { of: 'session-code', id: session } as const
  return withSmsCode(parts, context, { holder, code, counter }, async (tx, number) => {
    await noteNumberUse(tx, number, parts.clock.now())
    return { token: await provedAgain(parts, tx, context, 'sms'), level: 'full', device: null }
  })
}

async function list({ db, keys }: Parts, account: string): Promise<readonly NumberFace[]> {
  return Promise.all(
    (await confirmedNumbers(db, account)).map(async ({ id, number, usable_from: from }) => ({
      id,
      number: maskedNumber(await keys.openText(PROVIDER, numberField(id), number)),
      usableFrom: from?.toISOString() ?? '',
    })),
  )
}
