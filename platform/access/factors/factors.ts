import { PROVIDER } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import { faceOf } from '../accounts/accounts.ts'
import { lockAccount } from '../accounts/queries.ts'
import { endElevationsOf } from '../elevation/ending.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import type { SessionToken, Sessions } from '../sessions/sessions.ts'
import { rememberDevice, type DeviceToken } from '../sign-in/device.ts'
import { secretField } from './fresh-code.ts'
import { stepUp } from './step-up.ts'
import {
  confirmedFactors,
  confirmFactor,
  deleteFactor,
  insertPendingFactor,
  pendingFactor,
  recoveryCodesLeft,
  replaceRecoveryCodes,
} from './queries.ts'
import { newRecoveryCodes, recoveryCodeHash, type RecoveryCode } from './recovery-code.ts'
import { base32, matchingStep, newTotpSecret, otpauthUri } from './totp.ts'

/** A secret that waits ten minutes to be confirmed with its first code. */
const PENDING_SECONDS = 600
const ISSUER = 'Surety'

/** What an authenticator app needs; shown once. */
export interface FactorOffer {
  readonly factorId: string
  /** Base32, for typing. */
  readonly secret: string
  /** For a QR code. */
  readonly uri: string
}

/** A confirmed first factor: the session is complete. */
export interface Enrolled {
  readonly token: SessionToken
  readonly device: DeviceToken
  /** Shown once. */
  readonly recoveryCodes: readonly RecoveryCode[]
}

type Parts = Pick<AccessParts, 'db' | 'clock' | 'policy' | 'keys' | 'audit'> & { readonly sessions: Sessions }

/** Second factors and recovery codes of the caller's own account; every change ends the account's other sessions. Policy 3.1-a. */
export function openFactors(parts: Parts) {
  const { db } = parts
  return {
    /** Starts the first factor; only for a session that knows the password of an account without one. */
    enrol: (context: RequestContext, label: string): Promise<FactorOffer> => {
      requireEnrolling(context)
      return db.transaction().execute((tx) => offer(parts, tx, context, label))
    },
    /** Confirms the first factor: the session becomes full, under a new token. */
    confirmEnrolment: (
      context: RequestContext,
      confirm: { readonly factorId: string; readonly code: string; readonly device: DeviceToken | null },
    ): Promise<Enrolled> => confirmFirst(parts, context, confirm),
    list: async (context: RequestContext) => ({
      factors: (await confirmedFactors(db, context.caller.id)).map((factor) => ({
        id: factor.id,
        kind: 'totp' as const,
        label: factor.label,
        createdAt: factor.created_at.toISOString(),
      })),
      recoveryCodesLeft: await recoveryCodesLeft(db, context.caller.id),
    }),
    /** Starts a further factor; needs a fresh code. */
    add: (context: RequestContext, wanted: { readonly label: string; readonly code?: string | undefined }) =>
      stepUp(parts, context, wanted.code, (tx) => offer(parts, tx, context, wanted.label)),
    confirmAdded: (context: RequestContext, confirm: { readonly factorId: string; readonly code: string }) =>
      db.transaction().execute(async (tx) => {
        await confirmPending(parts, tx, context, confirm)
        await endOthers(parts, tx, context)
      }),
    /** Removes a factor; needs a fresh code. Throws `access.last-factor`. */
    remove: (context: RequestContext, wanted: { readonly id: string; readonly code?: string | undefined }) =>
      stepUp(parts, context, wanted.code, (tx) => removeFactor(parts, tx, context, wanted.id)),
    /** Ten new recovery codes instead of the old ones; needs a fresh code. */
    newRecoveryCodes: (context: RequestContext, code?: string): Promise<readonly RecoveryCode[]> =>
      stepUp(parts, context, code, async (tx) => {
        const codes = await makeRecoveryCodes(parts, tx, context)
        await endOthers(parts, tx, context)
        return codes
      }),
  }
}

function requireEnrolling({ caller }: RequestContext): string {
  if (caller.kind !== 'account' || caller.level !== 'enrolling' || caller.sessionId === null)
    throw new Problem('resource.conflict', 'This account has a second factor already.')
  return caller.sessionId
}

async function offer(
  { clock, keys }: Parts,
  tx: Database,
  context: RequestContext,
  label: string,
): Promise<FactorOffer> {
  const secret = newTotpSecret()
  const id = newId(clock)
  const account = context.caller.id
  await lockAccount(tx, account)
  const face = await faceOf({ keys }, tx, account)
  await insertPendingFactor(tx, {
    id,
    account_id: account,
    label,
    secret: await keys.sealText(PROVIDER, secretField(id), secret.toString('base64')),
    created_at: clock.now(),
  })
  return { factorId: id, secret: base32(secret), uri: otpauthUri(secret, ISSUER, face?.email ?? '') }
}

/** Confirms a waiting factor; its first code is spent by it, too. */
async function confirmPending(
  { clock, keys, audit }: Parts,
  tx: Database,
  context: RequestContext,
  confirm: { readonly factorId: string; readonly code: string },
): Promise<void> {
  const now = clock.now()
  const account = context.caller.id
  await lockAccount(tx, account)
  const pending = await pendingFactor(tx, account, confirm.factorId, secondsAfter(now, -PENDING_SECONDS))
  if (pending === undefined) throw new Problem('resource.unknown', 'Start setting up the factor again.')
  const secret = await keys.openText(PROVIDER, secretField(pending.id), pending.secret)
  const step = matchingStep(Buffer.from(secret, 'base64'), confirm.code, now)
  if (step === null || !(await confirmFactor(tx, pending.id, step, now)))
    throw new Problem(
      'access.code-refused',
      'The code does not belong to this factor. Check the time of your device.',
    )
  const target = { kind: 'factor', id: pending.id }
  await audit.record(tx, eventOf(context, 'factor.confirmed', { target, details: { kind: 'totp' } }))
}

async function confirmFirst(
  parts: Parts,
  context: RequestContext,
  confirm: { readonly factorId: string; readonly code: string; readonly device: DeviceToken | null },
): Promise<Enrolled> {
  const session = requireEnrolling(context)
  const account = context.caller.id
  return parts.db.transaction().execute(async (tx) => {
    await lockAccount(tx, account)
    // Somebody else who knows the password may have enrolled meanwhile; then this session may not.
    if ((await confirmedFactors(tx, account)).length > 0)
      throw new Problem('resource.conflict', 'This account has a second factor already. Sign in again.')
    await confirmPending(parts, tx, context, confirm)
    const recoveryCodes = await makeRecoveryCodes(parts, tx, context)
    await endOthers(parts, tx, context)
    const token = await parts.sessions.raise(tx, session, 'enrolling', ['totp'])
    const device = await rememberDevice(tx, parts, account, confirm.device)
    const target = { kind: 'session', id: session }
    await parts.audit.record(tx, eventOf(context, 'sign-in.completed', { target }))
    return { token, device, recoveryCodes }
  })
}

async function removeFactor(parts: Parts, tx: Database, context: RequestContext, id: string): Promise<void> {
  const account = context.caller.id
  await lockAccount(tx, account)
  const factors = await confirmedFactors(tx, account)
  if (!factors.some((factor) => factor.id === id))
    throw new Problem('resource.unknown', 'There is no such factor.')
  if (factors.length === 1)
    throw new Problem('access.last-factor', 'Every account keeps a second factor: add another one first.')
  await deleteFactor(tx, account, id)
  await parts.audit.record(tx, eventOf(context, 'factor.removed', { target: { kind: 'factor', id } }))
  await endOthers(parts, tx, context)
}

async function makeRecoveryCodes(
  { clock, audit }: Parts,
  tx: Database,
  context: RequestContext,
): Promise<readonly RecoveryCode[]> {
  const codes = newRecoveryCodes()
  const hashes = codes.map(recoveryCodeHash).filter((hash) => hash !== null)
  await replaceRecoveryCodes(tx, context.caller.id, hashes, clock.now())
  const target = { kind: 'account', id: context.caller.id }
  await audit.record(
    tx,
    eventOf(context, 'recovery-codes.made', { target, details: { count: codes.length } }),
  )
  return codes
}

/** Ends every other session of the caller's account and what it holds for a time, as after each change of what proves who it is. */
export async function endOthers(
  { sessions, clock, audit }: Pick<AccessParts, 'clock' | 'audit'> & { readonly sessions: Sessions },
  tx: Database,
  context: RequestContext,
): Promise<void> {
  const { id, sessionId } = context.caller
  await endElevationsOf({ clock, audit }, tx, context, { account: id }, 'factors-changed')
  await sessions.end(tx, context, id, sessionId === null ? {} : { except: sessionId }, 'replaced')
}
