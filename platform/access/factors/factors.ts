import { PROVIDER } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import { faceOf } from '../accounts/accounts.ts'
import { lockAccount } from '../accounts/queries.ts'
import { eventOf } from '../parts.ts'
import { activityOf } from './activity.ts'
import { writeTo } from '../letters.ts'
import { stepUpFreshness } from '../parameters.ts'
import type { SessionToken } from '../sessions/sessions.ts'
import { provedAgain, requireMayEnrol } from '../sign-in/assurance.ts'
import type { DeviceToken } from '../sign-in/device.ts'
import { dutyOf, suffices } from '../sign-in/standing.ts'
import {
  endOthers,
  factorAdded,
  factorRemoved,
  finishEnrolment,
  makeRecoveryCodes,
  type ChangeParts,
  type Enrolled,
} from './changes.ts'
import { labelField, secretField } from './fresh-code.ts'
import { ownedFactors, requireNotLast, standingOf, type OwnedFactor, type OwnedKind } from './owned.ts'
import {
  confirmFactor,
  deleteFactor,
  insertPendingFactor,
  pendingFactor,
  recoveryCodesLeft,
  setLabel,
} from './queries.ts'
import type { RecoveryCode } from './recovery-code.ts'
import { deleteNumber } from './sms-queries.ts'
import { requireFull, stepUp, withCode } from './step-up.ts'
import { base32, matchingStep, newTotpSecret, otpauthUri } from './totp.ts'
import { deleteKey } from './webauthn/queries.ts'

export { endOthers, type Enrolled } from './changes.ts'

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

/** A second factor as its owner sees it in a list. */
export interface FactorFace {
  readonly id: string
  readonly kind: OwnedKind
  /** What its owner calls it; null for a telephone number. */
  readonly label: string | null
  readonly createdAt: string
  readonly lastUsedAt: string | null
  /** Whether it counts for the person’s role. */
  readonly counts: boolean
}

/** Second factors and recovery codes of the caller's own account; every change ends the account's other sessions. Policy 3.1-a. */
export function openFactors(parts: ChangeParts) {
  const { db } = parts
  return {
    /** Starts the first factor; only for a session that knows the password of an account without one. */
    enrol: (context: RequestContext, label: string): Promise<FactorOffer> =>
      db.transaction().execute(async (tx) => {
        await requireMayEnrol(parts, tx, context, 'totp')
        return offer(parts, tx, context, label)
      }),
    /** Confirms the first factor: the session becomes full, under a new token. */
    confirmEnrolment: (
      context: RequestContext,
      confirm: { readonly factorId: string; readonly code: string; readonly device: DeviceToken | null },
    ): Promise<Enrolled> => confirmFirst(parts, context, confirm),
    list: (context: RequestContext) => listFactors(parts, context),
    activity: (context: RequestContext) => activityOf(parts, context),
    /** Calls a factor something else. */
    rename: (context: RequestContext, wanted: { readonly id: string; readonly label: string }) =>
      renameFactor(parts, context, wanted),
    /** Starts a further factor; needs a fresh code. */
    add: (context: RequestContext, wanted: { readonly label: string; readonly code?: string | undefined }) =>
      stepUp(parts, context, wanted.code, (tx) => offer(parts, tx, context, wanted.label)),
    confirmAdded: (context: RequestContext, confirm: { readonly factorId: string; readonly code: string }) =>
      db.transaction().execute(async (tx) => {
        requireFull(context)
        await confirmPending(parts, tx, context, confirm)
        await factorAdded(parts, tx, context, { kind: 'totp', id: confirm.factorId })
      }),
    /** Removes a factor; needs a fresh code. Throws `access.last-factor`. */
    remove: (context: RequestContext, wanted: { readonly id: string; readonly code?: string | undefined }) =>
      stepUp(parts, context, wanted.code, (tx) => removeFactor(parts, tx, context, wanted.id)),
    /** Proves a code again: sensitive operations go on for a while, under a new token. */
    stepUp: (context: RequestContext, code: string): Promise<SessionToken> =>
      withCode(parts, context, code, (tx, spent) => provedAgain(parts, tx, context, spent)),
    /** Ten new recovery codes instead of the old ones; needs a fresh code. */
    newRecoveryCodes: (context: RequestContext, code?: string): Promise<readonly RecoveryCode[]> =>
      stepUp(parts, context, code, async (tx) => {
        const codes = await makeRecoveryCodes(parts, tx, context)
        await writeTo(parts, tx, context.caller.id, 'recovery-codes-made', {})
        await endOthers(parts, tx, context)
        return codes
      }),
  }
}

/** What the owner of a factor calls it. */
async function labelOf(keys: ChangeParts['keys'], { id, kind, label }: OwnedFactor): Promise<string | null> {
  if (kind === 'sms') return 'Text messages'
  return label === null ? null : keys.openText(PROVIDER, labelField(kind, id), label)
}

/** Every second factor of the caller, what it is worth, and until when the last proof is fresh. */
async function listFactors({ db, policy, keys }: ChangeParts, context: RequestContext) {
  const { account: id } = requireFull(context)
  const { provedAt } = context.caller
  const duty = dutyOf(policy, await standingOf(db, id))
  const freshUntil = provedAt === null ? null : secondsAfter(provedAt, policy.read(stepUpFreshness))
  const owned = await ownedFactors(db, id)
  const labels = await Promise.all(owned.map((one) => labelOf(keys, one)))
  const factors = owned.map((one, at): FactorFace => ({
    ...one,
    label: labels[at] ?? null,
    createdAt: one.createdAt.toISOString(),
    lastUsedAt: one.lastUsedAt?.toISOString() ?? null,
    counts: suffices(duty, ['password', one.kind]),
  }))
  return {
    factors,
    recoveryCodesLeft: await recoveryCodesLeft(db, id),
    duty,
    freshUntil: freshUntil?.toISOString() ?? null,
  }
}

async function offer(
  { clock, keys }: ChangeParts,
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
    label: await keys.sealText(PROVIDER, labelField('totp', id), label),
    secret: await keys.sealText(PROVIDER, secretField(id), secret.toString('base64')),
    created_at: clock.now(),
  })
  return { factorId: id, secret: base32(secret), uri: otpauthUri(secret, ISSUER, face?.email ?? '') }
}

/** Confirms a waiting factor; its first code is spent by it, too. */
async function confirmPending(
  { clock, keys }: ChangeParts,
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
}

function confirmFirst(
  parts: ChangeParts,
  context: RequestContext,
  confirm: { readonly factorId: string; readonly code: string; readonly device: DeviceToken | null },
): Promise<Enrolled> {
  return parts.db.transaction().execute(async (tx) => {
    // Somebody else who knows the password may have enrolled meanwhile; then this session may not.
    const may = await requireMayEnrol(parts, tx, context, 'totp')
    await confirmPending(parts, tx, context, confirm)
    const { factorId: id, device } = confirm
    return finishEnrolment(parts, tx, context, may, { kind: 'totp', id, device })
  })
}

/** How a factor of each kind is deleted. */
const DELETE: Readonly<Record<OwnedKind, (tx: Database, account: string, id: string) => Promise<boolean>>> = {
  totp: deleteFactor,
  webauthn: deleteKey,
  sms: deleteNumber,
}

async function renameFactor(
  { db, audit, keys }: ChangeParts,
  context: RequestContext,
  { id, label }: { readonly id: string; readonly label: string },
): Promise<void> {
  const sealed = {
    totp_factor: await keys.sealText(PROVIDER, labelField('totp', id), label),
    webauthn_key: await keys.sealText(PROVIDER, labelField('webauthn', id), label),
  }
  await db.transaction().execute(async (tx) => {
    if (!(await setLabel(tx, context.caller.id, id, sealed)))
      throw new Problem('resource.unknown', 'There is no such factor, or it has no name.')
    await audit.record(tx, eventOf(context, 'factor.renamed', { target: { kind: 'factor', id } }))
  })
}

async function removeFactor(
  parts: ChangeParts,
  tx: Database,
  context: RequestContext,
  id: string,
): Promise<void> {
  const account = context.caller.id
  await lockAccount(tx, account)
  const { kind } = await requireNotLast(parts, tx, account, id)
  await DELETE[kind](tx, account, id)
  await factorRemoved(parts, tx, context, { kind, id })
}
