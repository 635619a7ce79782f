import { erasedPersons, PROVIDER } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import { notify } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { accessChanged } from '../changed.ts'
import type { Leavers } from '../leavers/leavers.ts'
import { livesElsewhere, solelyOwned } from '../leavers/queries.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { lockStaffRole } from '../people/queries.ts'
import { workspaceOf } from '../people/workspace-of.ts'
import { requirePower } from '../roles/power.ts'
import { forgetPerson } from './accounts.ts'
import { accountsAmong, deleteAccount, lockAccount } from './queries.ts'

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit'> & {
  readonly leavers: Pick<Leavers, 'withdraw'>
}

/** What an erasure came to. */
export interface ErasedAccount {
  readonly id: string
  readonly erasedAt: string
  /** Credentials that were ended first, and how many of them still worked when they were tried: 0 is the proof. */
  readonly credentialsEnded: number
  readonly stillLive: number
}

/** Throws what refuses an erasure; asked before credentials end, and again where the key is destroyed. */
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

/** Ends every credential and tries each, then destroys the key of the person and removes the account with all that is its own. */
async function erase(
  parts: Parts,
  context: RequestContext,
  id: string,
  allowed: Allowed,
): Promise<ErasedAccount> {
  const { db, clock, audit, leavers } = parts
  await db.transaction().execute(allowed)
  const departure = await leavers.withdraw(
    context,
    { account: id },
    { reason: 'manual', cause: context.caller.id },
  )
  const credentialsEnded = departure.steps.reduce((sum, one) => sum + one.ended, 0)
  const { stillLive } = departure
  await db.transaction().execute(async (tx) => {
    // Between the look and here somebody may have become the only owner, joined elsewhere, or lost the right to erase.
    await allowed(tx).catch(refuseLate)
    await lockAccount(tx, id)
    await accessChanged(tx, { account: id })
    await forgetPerson(parts, tx, id)
    await deleteAccount(tx, id)
    const details = { own: context.caller.id === id, departure: departure.id, credentialsEnded, stillLive }
    const target = { kind: 'account', id }
    await audit.record(tx, eventOf(context, 'account.erased', { target, details }))
    await notify(tx, 'session_revoked')
  })
  return { id, erasedAt: clock.now().toISOString(), credentialsEnded, stillLive }
}

/** Credentials do not come back: whoever is refused this late is told what has happened already. */
function refuseLate(error: unknown): never {
  if (!(error instanceof Problem)) throw error
  const done = 'The account was not erased, but its credentials were ended already.'
  throw new Problem(error.code, `${error.detail} ${done}`, { cause: error })
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
