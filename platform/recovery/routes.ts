import { calendarRoutes } from './calendar/index.ts'
import { drillHouse, drillRoutes } from './drills/index.ts'
import { keepingRoutes } from './keeping.ts'
import { restoreRoutes } from './restore/index.ts'
import type { RecoveryParts } from './recovery-parts.ts'
import { scheduleRoutes } from './schedule/index.ts'

/** What staff and the operator see of backups, and what they may do with them. */
export function recoveryRoutes(parts: RecoveryParts) {
  return [
    ...scheduleRoutes(parts),
    ...keepingRoutes(parts),
    ...restoreRoutes(parts.restores),
    ...calendarRoutes(parts),
    ...drillRoutes(drillHouse(parts), parts.log),
  ] as const
}
