import type { Surety } from '#client'
import type { Core } from '../core.ts'
import { apiRoute } from '../http/route.ts'
import { Problem } from '../kernel/problem.ts'
import { deleteWorkspace, deleteWorkspaceEvents, heldWorkspaces } from './queries.ts'
import { enterTenant, leaveTenant } from '../db/tenant.ts'

/** What removal needs. */
export interface PurgeDeps extends Core {
  readonly surety: Pick<Surety, 'tenants' | 'forgetKeys'>
}

/** Deletes everything held for a workspace; the event belongs to the provider, since the workspace's keys may be gone. */
async function purge(deps: PurgeDeps, workspace: string, removed: boolean): Promise<Record<string, number>> {
  const deleted = await deps.db.transaction().execute(async (tx) => {
    // Events of a workspace that still has its keys go their way first.
    const unsent = removed ? { audit_outbox: await deleteWorkspaceEvents(tx, workspace) } : {}
    await enterTenant(tx, workspace)
    const counts = { ...(await deleteWorkspace(tx, workspace)), ...unsent }
    // The event is the provider's.
    await leaveTenant(tx)
    await deps.record(tx, {
      type: 'contact.workspace-purged',
      workspace: null,
      target: { kind: 'workspace', id: workspace },
      details: counts,
    })
    return counts
  })
  deps.surety.forgetKeys(workspace)
  return deleted
}

/** Drops the data of workspaces that Surety says are removed; one that it does not name is left alone. */
export async function dropRemovedTenants(deps: PurgeDeps): Promise<readonly string[]> {
  const held = await heldWorkspaces(deps.db)
  if (held.length === 0) return []
  const removed = new Set(
    (await deps.surety.tenants()).filter(({ state }) => state === 'removed').map(({ id }) => id),
  )
  const gone = held.filter((workspace) => removed.has(workspace))
  for (const workspace of gone) await purge(deps, workspace, true)
  return gone
}

/** Emptying a sample workspace on request; any other goes by being removed. */
export function workspaceRoutes(deps: PurgeDeps) {
  const empty = apiRoute({
    method: 'DELETE',
    path: '/inbox/workspace',
    permission: 'channel.edit',
    event: 'contact.workspace-purged',
    handle: async ({ workspace }) => {
      const tenant = (await deps.surety.tenants()).find(({ id }) => id === workspace)
      if (tenant?.sample !== true)
        throw new Problem('access.denied', 'Only a sample workspace can be emptied this way.')
      return { deleted: await purge(deps, workspace, false) }
    },
  })
  return [empty] as const
}
