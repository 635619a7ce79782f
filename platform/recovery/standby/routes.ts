import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import { changeView, type Sites } from './changes.ts'
import { newestChanges } from './queries.ts'
import type { StandbyParts } from './standby.ts'

const CHANGES_SHOWN = 100

/** Who takes writes, whether the other one could, and every change there was. */
async function standing({ db, sites }: Pick<StandbyParts, 'db' | 'sites'>) {
  const now: Sites | null = await sites()
  const changes = (await newestChanges(db, CHANGES_SHOWN)).map(changeView)
  if (now === null) return { primary: null, standby: 'none' as const, why: null, changes }
  return { primary: now.primary, standby: now.standby, why: now.why, changes }
}

/** Routes about the second database: staff see it, the operator changes to it. Policy 6.2-d. */
export function standbyRoutes(parts: StandbyParts) {
  return [
    route({
      method: 'GET',
      path: '/api/recovery/standby',
      permission: 'recovery.read',
      event: { none: 'shows which database takes writes' },
      handle: () => standing(parts),
    }),
    route({
      surface: 'operator',
      method: 'GET',
      path: '/recovery/standby',
      permission: 'operator.local',
      event: { none: 'shows which database takes writes' },
      handle: () => standing(parts),
    }),
    route({
      surface: 'operator',
      method: 'POST',
      path: '/recovery/standby/change',
      permission: 'operator.local',
      event: 'recovery.change-asked',
      body: z.strictObject({ kind: z.enum(['failover', 'switchover']) }),
      handle: async ({ body: { kind }, caller }) => {
        await parts.audit.record(parts.db, {
          type: 'recovery.change-asked',
          tenant: null,
          actor: { kind: caller.kind, id: caller.id },
          target: null,
          outcome: 'success',
          details: { kind },
          request: null,
        })
        return parts.change(kind)
      },
    }),
  ] as const
}
