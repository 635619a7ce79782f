import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { giveRole } from '../roles/grants.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import type { Database } from '../../db/index.ts'
import { isActiveMember, leaverById, solelyOwned, updateLeaver } from './queries.ts'

/**
 * Hands workspaces on that only the leaver owned: to the named successor where that person is a member, otherwise the
 * workspace is flagged as ownerless. Policy 3.2-c.
 */
export async function handOn(
  parts: Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit'>,
  context: RequestContext,
  id: string,
): Promise<void> {
  const { db, clock, audit } = parts
  await db.transaction().execute(async (tx) => {
    const leaver = await leaverById(tx, id, true)
    if (leaver === undefined || leaver.handed_on_at !== null || leaver.finished_at !== null) return
    const { account_id: account, workspace_id: workspace, successor_id: successor } = leaver
    const owned = await solelyOwned(tx, { account, ...(workspace === null ? {} : { workspace }) })
    const ownerless: string[] = []
    for (const one of owned) {
      const taken = successor !== null && (await takesOver(parts, tx, context, one, successor))
      if (!taken) ownerless.push(one)
      const details = { leaver: id, to: taken ? successor : null }
      const target = { kind: 'workspace', id: one }
      await audit.record(tx, eventOf(context, 'leaver.handed-on', { tenant: one, target, details }))
    }
    await updateLeaver(tx, id, { handed_on_at: clock.now(), ownerless })
  })
}

/** Makes the successor an owner; false when that person is no member, or the workspace's rules keep the duties apart. */
async function takesOver(
  parts: Pick<AccessParts, 'clock' | 'keys' | 'audit'>,
  tx: Database,
  context: RequestContext,
  workspace: string,
  account: string,
): Promise<boolean> {
  if (!(await isActiveMember(tx, account, workspace))) return false
  try {
    const wish = { account, workspace, role: 'owner', via: 'leaver', jobFunction: 'management' } as const
    await giveRole(parts, tx, context, wish)
    return true
  } catch (error) {
    if (error instanceof Problem) return false
    throw error
  }
}
