import { erasedPersons, PROVIDER } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import { notify } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { accessChanged } from '../changed.ts'
import type { Leavers } from '../leavers/leavers.ts'
import { isBeingErased, livesElsewhere, solelyOwned, unfinishedErasures } from '../leavers/queries.ts'
import { programContext } from '../leavers/saga.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { lockStaffRole, lockWorkspacesOf } from '../people/queries.ts'
import { workspaceOf } from '../people/workspace-of.ts'
import { requirePower } from '../roles/power.ts'
import { forgetPerson } from './accounts.ts'
import { accountsAmong, deleteAccount, lockAccount, lockClosedAccount } from './queries.ts'

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit'> & {
  readonly leavers: Pick<Leavers, 'deny' | 'carryOn'>
}

/** What an erasure came to. */
export interface ErasedAccount {
  readonly id: string
  readonly erasedAt: string
  /** Credentials that were ended first, and how many of them still worked when they were tried: 0 is the proof. */
  readonly credentialsEnded: number
  readonly stillLive: number
}

/** Throws what refuses an erasure; asked where the account is closed, while it and its workspaces are held. */
type Allowed = (tx: Database) => Promise<void>

/** Erasing accounts (GDPR, article 17): what is left are ids in the audit log and values that nobody can open. */
export function openErasure(parts: Parts) {
  return {
    /** The caller's own. Throws `access.last-owner`, and `resource.conflict` for staff. */
    eraseOwn: (context: RequestContext): Promise<ErasedAccount> => eraseOwn(parts, context),
    /** A member's who belongs to the caller's workspace alone. Throws `resource.unknown`, `access.denied`, `resource.conflict`, `access.last-owner`. */
    eraseMember: (context: RequestContext, account: string): Promise<ErasedAccount> =>
      eraseMember(parts, context, account),
    /** Removes again those whom a restore brought back although their keys were destroyed since; returns how many. */
    removeErased: (): Promise<number> => removeErased(parts),
    /** Finishes what a stop cut off after it was decided; returns how many. */
    resume: (): Promise<number> => resume(parts),
  }
}

async function eraseOwn(parts: Parts, context: RequestContext): Promise<ErasedAccount> {
  const { kind, id } = context.caller
  if (kind !== 'account') throw new Problem('access.denied', 'A program has no account to erase.')
  const allowed: Allowed = (tx) => requireFree(tx, id)
  return erase(parts, context, id, allowed)
}

async function eraseMember(parts: Parts, context: RequestContext, account: string): Promise<ErasedAccount> {
  const workspace = workspaceOf(context)
  if (account === context.caller.id)
    throw new Problem('access.denied', 'Your own account is erased where you see it, not among people.')
  const allowed: Allowed = async (tx) => {
    const held = await requirePower(tx, context, workspace, { account, next: null }, parts.clock.now())
    if (held === undefined) throw new Problem('resource.unknown', 'This person is not a member.')
    if (await livesElsewhere(tx, account, workspace))
      throw new Problem(
        'resource.conflict',
        'This person belongs to other workspaces or to the staff too. Remove them here; their account is theirs to erase.',
      )
    await requireFree(tx, account)
  }
  return erase(parts, context, account, allowed)
}

/** Nobody is erased who alone owns a workspace, or who belongs to the staff. Policy 3.2-0. */
async function requireFree(tx: Database, account: string): Promise<void> {
  if ((await lockStaffRole(tx, account)) !== undefined)
    throw new Problem(
      'resource.conflict',
      'This person belongs to the provider’s staff. Another administrator withdraws that role first.',
    )
  if ((await solelyOwned(tx, { account })).length > 0)
    throw new Problem(
      'access.last-owner',
      'A workspace would have no owner. Hand it over to somebody first; then the account can be erased.',
    )
}

/**
 * Decides and closes the account in one transaction, so that nobody is refused once anything has ended; then ends every
 * credential and tries each, and removes the account. What a crash cuts off is taken up by `resume`.
 */
async function erase(
  parts: Parts,
  context: RequestContext,
  id: string,
  allowed: Allowed,
): Promise<ErasedAccount> {
  const { db, clock, leavers } = parts
  const cause = context.caller.id
  const leaver = await db.transaction().execute(async (tx) => {
    // Workspaces, then a role among the staff, then the account, as everybody holds them: what is read now stays so.
    await lockWorkspacesOf(tx, id, context.caller.workspaceId)
    await lockStaffRole(tx, id)
    if (!(await lockAccount(tx, id))) throw new Problem('resource.unknown', 'There is no such account.')
    await allowed(tx)
    if (await isBeingErased(tx, id))
      throw new Problem('resource.conflict', 'This account is being erased already.')
    return leavers.deny(tx, context, { account: id }, { reason: 'erasure', cause })
  })
  const { credentialsEnded, stillLive } = await carryOut(parts, context, { id: leaver, account: id, cause })
  return { id, erasedAt: clock.now().toISOString(), credentialsEnded, stillLive }
}

/** An erasure that was decided. */
interface Decided {
  /** Of the departure. */
  readonly id: string
  readonly account: string
  /** Who asked. */
  readonly cause: string
}

/** Ends what the account can be reached with, destroys the key of the person and removes the account with all that is its own. */
async function carryOut(parts: Parts, context: RequestContext, { id, account, cause }: Decided) {
  const { db, audit, leavers } = parts
  const departure = await leavers.carryOn(context, id)
  const credentialsEnded = departure.steps.reduce((sum, one) => sum + one.ended, 0)
  const { stillLive } = departure
  await db.transaction().execute(async (tx) => {
    // Somebody else may have finished it a moment ago.
    if (!(await lockClosedAccount(tx, account))) return
    await accessChanged(tx, { account })
    await forgetPerson(parts, tx, account)
    await deleteAccount(tx, account)
    const details = { own: cause === account, departure: id, credentialsEnded, stillLive }
    const target = { kind: 'account', id: account }
    await audit.record(tx, eventOf(context, 'account.erased', { target, details }))
    await notify(tx, 'session_revoked')
  })
  return { credentialsEnded, stillLive }
}

/** An erasure that nobody finished for this long is taken up again. */
const LEFT_LYING_SECONDS = 60

async function resume(parts: Parts): Promise<number> {
  const decided = await unfinishedErasures(parts.db, secondsAfter(parts.clock.now(), -LEFT_LYING_SECONDS))
  const failed: unknown[] = []
  for (const one of decided)
    await carryOut(parts, programContext(parts), one).catch((error: unknown) => failed.push(error))
  // One that cannot be finished keeps nobody else's waiting; the next minute tries it again.
  if (failed.length > 0) throw new AggregateError(failed, 'erasures wait for their next minute')
  return decided.length
}

async function removeErased({ db, audit }: Parts): Promise<number> {
  const erased = await erasedPersons(db, PROVIDER)
  if (erased.length === 0) return 0
  return db.transaction().execute(async (tx) => {
    const back = await accountsAmong(tx, erased)
    for (const id of back) {
      await accessChanged(tx, { account: id })
      await deleteAccount(tx, id)
      await audit.record(tx, {
        type: 'account.erased',
        tenant: null,
        actor: { kind: 'system', id: 'restore' },
        target: { kind: 'account', id },
        outcome: 'success',
        details: { restored: true },
        request: null,
      })
    }
    if (back.length > 0) await notify(tx, 'session_revoked')
    return back.length
  })
}
