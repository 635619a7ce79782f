import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { accountById } from '../accounts/queries.ts'
import { lockStaffRole, lockWorkspace, ownerCount } from '../people/queries.ts'
import { workspaceOf } from '../people/workspace-of.ts'
import { mayGiveRole } from '../roles/power.ts'
import { mappedRole } from '../roles/map-of-jobs.ts'
import { heldRole } from '../roles/queries.ts'
import type { Departure } from './departure.ts'
import type { LeaverParts, Leaving } from './saga.ts'
import { isActiveMember } from './queries.ts'
import { reinstate } from './reinstate.ts'

/** Holds the workspace and lets nobody act on themselves, nor anybody but an owner on an owner. Policy 3.2-0. */
async function requirePower(
  { clock }: Pick<LeaverParts, 'clock'>,
  tx: Database,
  context: RequestContext,
  account: string,
): Promise<string> {
  const workspace = workspaceOf(context)
  if (account === context.caller.id)
    throw new Problem('access.denied', 'Nobody ends or gives back their own access.')
  if (!(await lockWorkspace(tx, workspace)))
    throw new Problem('resource.unknown', 'The workspace was removed.')
  const held = await heldRole(tx, workspace, account)
  if (held === undefined) throw new Problem('resource.unknown', 'This person is not a member.')
  const own = await heldRole(tx, workspace, context.caller.id)
  const role = await mappedRole(tx, workspace, held.role)
  if (!mayGiveRole(own, role, clock.now()))
    throw new Problem('access.denied', 'Your role does not allow this.')
  return workspace
}

/**
 * Ends somebody's access to the caller's workspace because that person left, and returns the finished departure. The last
 * owner leaves only with a successor. Throws `resource.unknown`, `access.denied`, `access.last-owner`. Policy 3.2-c.
 */
export async function terminate(
  leaving: Leaving,
  context: RequestContext,
  account: string,
  successor: string | undefined,
): Promise<Departure> {
  const { parts } = leaving
  const id = await parts.db.transaction().execute(async (tx) => {
    const workspace = await requirePower(parts, tx, context, account)
    if (
      successor !== undefined &&
      (successor === account || !(await isActiveMember(tx, successor, workspace)))
    )
      throw new Problem('resource.unknown', 'The successor is not a member.')
    const held = await heldRole(tx, workspace, account)
    const last = held?.role === 'owner' && held.suspendedAt === null && (await ownerCount(tx, workspace)) <= 1
    if (last && successor === undefined)
      throw new Problem('access.last-owner', 'Name who takes the workspace over.')
    const why = {
      reason: 'manual',
      cause: context.caller.id,
      ...(successor === undefined ? {} : { successor }),
    } as const
    return leaving.deny(tx, context, { account, workspace }, why)
  })
  return leaving.carryOn(context, id)
}

/** The same for somebody of the provider's staff, in every workspace. Throws `resource.unknown`, `access.denied`. */
export async function terminateStaff(
  leaving: Leaving,
  context: RequestContext,
  account: string,
  successor: string | undefined,
): Promise<Departure> {
  const { parts } = leaving
  if (account === context.caller.id) throw new Problem('access.denied', 'Nobody ends their own access.')
  const id = await parts.db.transaction().execute(async (tx) => {
    if ((await lockStaffRole(tx, account)) === undefined || (await accountById(tx, account)) === undefined)
      throw new Problem('resource.unknown', 'This person does not belong to the staff.')
    const why = {
      reason: 'manual',
      cause: context.caller.id,
      ...(successor === undefined ? {} : { successor }),
    } as const
    return leaving.deny(tx, context, { account }, why)
  })
  return leaving.carryOn(context, id)
}

/** Lets somebody in again who had left the caller's workspace; false when there was nothing to give back. */
export async function letBack(
  { parts }: Leaving,
  context: RequestContext,
  account: string,
): Promise<boolean> {
  return parts.db.transaction().execute(async (tx) => {
    const workspace = await requirePower(parts, tx, context, account)
    return reinstate(parts, tx, context, { account, workspace })
  })
}
