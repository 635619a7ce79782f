import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { lockAccount } from '../accounts/queries.ts'
import { accessChanged } from '../changed.ts'
import type { Holder } from '../credentials/credential.ts'
import { setSuspended } from '../people/queries.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { giveRole } from '../roles/grants.ts'
import { heldRole } from '../roles/queries.ts'
import { closedBy, enableAccount, isSuspended } from './queries.ts'
import { offerReturn } from './return-link.ts'

/**
 * Lets somebody in again who had left: the membership comes back, an owner's as an agent's, since only an owner makes an
 * owner. An account that this workspace's departure had closed opens by a letter, with a new password and a new second
 * factor. False when there is nothing to give back. Policy 3.2-c.
 */
export async function reinstate(
  parts: AccessParts,
  tx: Database,
  context: RequestContext,
  { account, workspace }: Required<Holder>,
): Promise<boolean> {
  await lockAccount(tx, account)
  if (!(await isSuspended(tx, account, workspace))) return false
  const held = await heldRole(tx, workspace, account)
  if (held?.role === 'owner')
    await giveRole(parts, tx, context, {
      account,
      workspace,
      role: 'agent',
      via: 'leaver',
      jobFunction: 'customer service',
    })
  await setSuspended(tx, workspace, account, null)
  const reopened = await closedBy(tx, account, workspace)
  if (reopened) {
    await enableAccount(tx, account)
    await offerReturn(parts, tx, context, { account, workspace })
  }
  await accessChanged(tx, { account })
  const target = { kind: 'account', id: account }
  await parts.audit.record(
    tx,
    eventOf(context, 'leaver.reinstated', { tenant: workspace, target, details: { reopened } }),
  )
  return true
}
