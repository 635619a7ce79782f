import type { RequestContext } from '../../kernel/caller.ts'
import type { StaffRole } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { openFace } from '../accounts/accounts.ts'
import { accountById } from '../accounts/queries.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { giveStaffRole } from '../roles/grants.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { staffMembers } from '../workspaces/queries.ts'
import { lockStaffRole } from './queries.ts'

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit'> & { readonly sessions: Sessions }

/** The provider's staff with their roles and the work they do. */
export async function listStaff(parts: Parts) {
  return Promise.all(
    (await staffMembers(parts.db)).map(async (row) => ({
      ...(await openFace(parts, row)),
      role: row.role as StaffRole,
      jobFunction: row.job_function,
      since: row.created_at.toISOString(),
    })),
  )
}

/** Gives, changes or (with null) withdraws a role among the provider's staff; never one's own. Policy 3.2-a. */
export async function changeStaffRole(
  parts: Parts,
  context: RequestContext,
  account: string,
  role: StaffRole | null,
  jobFunction?: string,
): Promise<void> {
  const { db, audit, sessions } = parts
  if (account === context.caller.id) throw new Problem('access.denied', 'Nobody changes their own role.')
  await db.transaction().execute(async (tx) => {
    // Both rows are held in one order, so that two administrators cannot withdraw each other at once.
    const held = new Map<string, string | undefined>()
    for (const id of [account, context.caller.id].sort()) held.set(id, await lockStaffRole(tx, id))
    if (held.get(context.caller.id) !== 'administrator')
      throw new Problem('access.denied', 'Only an administrator can do this.')
    if ((await accountById(tx, account)) === undefined)
      throw new Problem('resource.unknown', 'There is no such account.')
    const before = await giveStaffRole(parts, tx, context, { account, role, via: 'console', jobFunction })
    if (role === null) await sessions.end(tx, context, account, {}, 'withdrawn')
    const target = { kind: 'account', id: account }
    const details = { before, after: role }
    await audit.record(tx, eventOf(context, 'staff.role-changed', { tenant: null, target, details }))
  })
}
