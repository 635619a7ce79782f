import type { RequestContext } from '../../kernel/caller.ts'
import { accessChanged } from '../changed.ts'
import { updateRole } from '../people/queries.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { isActiveMember, leaverById, solelyOwned, updateLeaver } from './queries.ts'

/**
 * Hands workspaces on that only the leaver owned: to the named successor where that person is a member, otherwise the
 * workspace is flagged as ownerless. Policy 3.2-c.
 */
export async function handOn(
  { db, clock, audit }: Pick<AccessParts, 'db' | 'clock' | 'audit'>,
  context: RequestContext,
  id: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const leaver = await leaverById(tx, id, true)
    if (leaver === undefined || leaver.handed_on_at !== null || leaver.finished_at !== null) return
    const { account_id: account, workspace_id: workspace, successor_id: successor } = leaver
    const owned = await solelyOwned(tx, { account, ...(workspace === null ? {} : { workspace }) })
    const ownerless: string[] = []
    for (const one of owned) {
      const taken = successor !== null && (await isActiveMember(tx, successor, one))
      if (taken) {
        await updateRole(tx, one, successor, 'owner')
        await accessChanged(tx, { account: successor })
      } else ownerless.push(one)
      const details = { leaver: id, to: taken ? successor : null }
      const target = { kind: 'workspace', id: one }
      await audit.record(tx, eventOf(context, 'leaver.handed-on', { tenant: one, target, details }))
    }
    await updateLeaver(tx, id, { handed_on_at: clock.now(), ownerless })
  })
}
