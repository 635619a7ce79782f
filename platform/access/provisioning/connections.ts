import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { revokeConnections } from './personnel-queries.ts'

/** Ends connections; returns their ids. */
export async function endConnections(
  { clock, audit }: Pick<AccessParts, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
  which: { readonly workspace?: string; readonly id?: string; readonly account?: string },
): Promise<string[]> {
  const ended = await revokeConnections(tx, which, clock.now())
  for (const id of ended) {
    const target = { kind: 'personnel-connection', id }
    const tenant = which.workspace ?? context.caller.workspaceId
    await audit.record(tx, eventOf(context, 'personnel.disconnected', { tenant, target }))
  }
  return ended
}
