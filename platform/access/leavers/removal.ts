import type { RequestContext } from '../../kernel/caller.ts'
import { workspaceOf } from '../people/workspace-of.ts'
import type { Leavers } from './leavers.ts'

/** Removes a member. */
type Remove = (context: RequestContext, account: string) => Promise<void>

/**
 * The same people, whose removed members lose every other kind of credential too, each of which is tried afterwards; the
 * membership itself is gone by then. Policy 3.2-c.
 */
export function withDepartures<People extends { readonly remove: Remove }>(
  people: People,
  leavers: Pick<Leavers, 'withdraw'>,
): People {
  return {
    ...people,
    remove: async (context, account) => {
      await people.remove(context, account)
      const holder = { account, workspace: workspaceOf(context) }
      await leavers.withdraw(context, holder, { reason: 'removed', cause: context.caller.id, denied: true })
    },
  }
}
