import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { endElevationsOf } from '../elevation/ending.ts'
import { writeTo } from '../letters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import type { SessionToken, Sessions } from '../sessions/sessions.ts'
import { enrolled, type MayEnrol, type SignedIn } from '../sign-in/assurance.ts'
import type { DeviceToken } from '../sign-in/device.ts'
import type { OwnedKind } from './owned.ts'
import { recoveryCodesLeft, replaceRecoveryCodes } from './queries.ts'
import { newRecoveryCodes, recoveryCodeHash, type RecoveryCode } from './recovery-code.ts'

/** What changes of factors work with. */
export type ChangeParts = Pick<
  AccessParts,
  'db' | 'clock' | 'policy' | 'keys' | 'audit' | 'post' | 'origin'
> & { readonly sessions: Sessions }

/** A factor in the words of a letter. */
const SPOKEN: Readonly<Record<OwnedKind, string>> = {
  totp: 'an authenticator app',
  sms: 'codes by text message',
  webauthn: 'a security key or passkey',
}

/** A factor that was set up at sign-in: the session goes on under a new token. */
export interface Enrolled {
  readonly token: SessionToken
  /** `enrolling` when the factor does not count for the person’s role. */
  readonly level: SignedIn['level']
  readonly device: DeviceToken
  /** Shown once; empty when codes made earlier are still good. */
  readonly recoveryCodes: readonly RecoveryCode[]
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

/** A factor of the caller was confirmed: recorded, told to its owner, and every other session ends. Policy 3.1-0. */
export async function factorAdded(
  parts: ChangeParts,
  tx: Database,
  context: RequestContext,
  added: { readonly kind: OwnedKind; readonly id: string },
): Promise<void> {
  const target = { kind: 'factor', id: added.id }
  await parts.audit.record(
    tx,
    eventOf(context, 'factor.confirmed', { target, details: { kind: added.kind } }),
  )
  await writeTo(parts, tx, context.caller.id, 'factor-added', { what: SPOKEN[added.kind] })
  await endOthers(parts, tx, context)
}

/** A factor of the caller was removed: the same. */
export async function factorRemoved(
  parts: ChangeParts,
  tx: Database,
  context: RequestContext,
  removed: { readonly kind: OwnedKind; readonly id: string },
): Promise<void> {
  const target = { kind: 'factor', id: removed.id }
  await parts.audit.record(
    tx,
    eventOf(context, 'factor.removed', { target, details: { kind: removed.kind } }),
  )
  await writeTo(parts, tx, context.caller.id, 'factor-removed', { what: SPOKEN[removed.kind] })
  await endOthers(parts, tx, context)
}

/** A factor was confirmed by a session that might enrol it: the session becomes full, and there are recovery codes. Policy 3.1-0. */
export async function finishEnrolment(
  parts: ChangeParts,
  tx: Database,
  context: RequestContext,
  may: MayEnrol,
  proved: { readonly kind: OwnedKind; readonly id: string; readonly device: DeviceToken | null },
): Promise<Enrolled> {
  await factorAdded(parts, tx, context, proved)
  const kept = (await recoveryCodesLeft(tx, may.account)) > 0
  const recoveryCodes = kept ? [] : await makeRecoveryCodes(parts, tx, context)
  const { device, ...signedIn } = await enrolled(parts, tx, context, may, {
    factor: proved.kind,
    device: proved.device,
  })
  if (device === null) throw new Error('a device was not remembered after two factors')
  return { ...signedIn, device, recoveryCodes }
}

/** Ten new recovery codes in place of all earlier ones. */
export async function makeRecoveryCodes(
  { clock, audit }: Pick<ChangeParts, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
): Promise<readonly RecoveryCode[]> {
  const codes = newRecoveryCodes()
  const hashes = codes.map(recoveryCodeHash).filter((hash) => hash !== null)
  await replaceRecoveryCodes(tx, context.caller.id, hashes, clock.now())
  const target = { kind: 'account', id: context.caller.id }
  const details = { count: codes.length }
  await audit.record(tx, eventOf(context, 'recovery-codes.made', { target, details }))
  return codes
}
