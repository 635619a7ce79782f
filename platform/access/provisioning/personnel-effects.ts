import type { Database } from '../../db/index.ts'
import type { LookUp } from '../../encryption/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { emailLookUp } from '../accounts/accounts.ts'
import { setJobFunction } from '../people/members.ts'
import { voidInvitations } from '../people/queries.ts'
import { giveRole } from '../roles/grants.ts'
import { mayProvision } from '../roles/power.ts'
import { heldRole } from '../roles/queries.ts'
import type { DirectoryParts } from './directory.ts'
import { inviteByLetter } from './joining.ts'
import { memberByEmail, openConnection } from './personnel-queries.ts'
import type { PersonnelEvent } from './personnel.ts'

/** Where and when an event takes effect. */
interface Effect {
  readonly workspace: string
  readonly id: string
  readonly connection: string
  readonly toldAt: Date
}

/** What came of an event, and the departure that it began. */
interface Outcome {
  readonly outcome: string
  readonly departure: string | null
}

/** Throws `access.denied` for what whoever connected the personnel system could not do by hand. Policy 3.2-a. */
function denied(): Problem {
  return new Problem('access.denied', 'Whoever connected the personnel system may not do this.')
}

/**
 * Does what an event tells, in the caller's transaction. It gives nothing that the maker of the connection may not give at
 * that moment, whenever it was told; what takes access away takes effect also when the connection has ended since, but
 * for an owner's. What is refused is told as the outcome. Policy 3.2-a, 3.2-c.
 */
export async function carryOutEvent(
  parts: DirectoryParts,
  tx: Database,
  context: RequestContext,
  effect: Effect,
  event: PersonnelEvent,
): Promise<Outcome> {
  const { workspace } = effect
  const index = await emailLookUp(parts.keys, event.email)
  const account = await memberByEmail(tx, workspace, index)
  const by = (await openConnection(tx, effect.connection))?.account_id ?? null
  const maker = by === null ? undefined : await heldRole(tx, workspace, by)
  try {
    if (event.type === 'left') {
      const owns = account !== undefined && (await heldRole(tx, workspace, account))?.role === 'owner'
      if (owns && maker?.role !== 'owner') throw denied()
      return await leave(parts, tx, context, effect, event, { account, index })
    }
    if (!mayProvision(maker, parts.clock.now())) throw denied()
    if (event.type === 'joined') return await join(parts, tx, context, { workspace, by }, event, account)
    return { outcome: await move(parts, tx, context, effect, event, account), departure: null }
  } catch (error) {
    // The personnel system cannot mend it; the audit log says why.
    if (error instanceof Problem) return { outcome: `refused: ${error.code}`, departure: null }
    throw error
  }
}

async function leave(
  parts: DirectoryParts,
  tx: Database,
  context: RequestContext,
  { workspace, id, toldAt }: Effect,
  event: PersonnelEvent,
  { account, index }: { readonly account: string | undefined; readonly index: LookUp },
): Promise<Outcome> {
  await voidInvitations(tx, workspace, { emailLookUp: index }, parts.clock.now())
  if (account === undefined) return { outcome: 'nobody here has this address', departure: null }
  const heir =
    event.successor === undefined
      ? undefined
      : await memberByEmail(tx, workspace, await emailLookUp(parts.keys, event.successor))
  const successor = heir === undefined || heir === account ? {} : { successor: heir }
  const why = { reason: 'personnel', cause: id, toldAt, ...successor } as const
  const departure = await parts.leavers.deny(tx, context, { account, workspace }, why)
  return { outcome: 'access withdrawn', departure }
}

async function join(
  parts: DirectoryParts,
  tx: Database,
  context: RequestContext,
  { workspace, by }: { readonly workspace: string; readonly by: string | null },
  event: PersonnelEvent,
  account: string | undefined,
): Promise<Outcome> {
  if (account === undefined) {
    await inviteByLetter(parts, tx, context, { workspace, user: null, email: event.email, maker: by })
    return { outcome: 'invited', departure: null }
  }
  const back = await parts.leavers.reinstate(tx, context, { account, workspace })
  return { outcome: back ? 'let in again' : 'a member already', departure: null }
}

/**
 * Other work: the role that goes with it where the work is one that every workspace knows, otherwise the work is written
 * down and a role outside the map of jobs ends at once. Never an owner's. Policy 3.2-a.
 */
async function move(
  parts: DirectoryParts,
  tx: Database,
  context: RequestContext,
  { workspace }: Effect,
  event: PersonnelEvent,
  account: string | undefined,
): Promise<string> {
  const held = account === undefined ? undefined : await heldRole(tx, workspace, account)
  if (account === undefined || held === undefined) return 'nobody here has this address'
  const { job } = event
  if (job === undefined) return 'no work was named'
  if (held.role === 'owner') return 'an owner stays one until another owner decides'
  const role = ROLE_OF_JOB.get(job.toLowerCase())
  if (role !== undefined) {
    await giveRole(parts, tx, context, { account, workspace, role, via: 'scim', jobFunction: job })
    return 'role changed'
  }
  await setJobFunction(parts, tx, context, { account, workspace, title: job, via: 'scim' }, held)
  return 'work changed'
}

const ROLE_OF_JOB: ReadonlyMap<string, WorkspaceRole> = new Map<string, WorkspaceRole>([
  ['administration', 'admin'],
  ['customer service', 'agent'],
  ['audit', 'auditor'],
])
