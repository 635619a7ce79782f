import { route } from '../kernel/route.ts'
import { makeBackup, type BackupParts } from './backup.ts'
import type { Backups } from './backups.ts'
import { keepingRoutes, type KeepingParts } from './keeping.ts'
import { backups } from './queries.ts'
import { restoreRoutes, type Restores } from './restore/index.ts'
import { scheduleRoutes } from './schedule/index.ts'

/** Routes of the operator: make a backup now, list those that are kept. */
export function recoveryRoutes(
  parts: BackupParts & KeepingParts & { readonly backups: Backups; readonly restores: Restores },
) {
  const operator = { surface: 'operator', permission: 'operator.local' } as const
  return [
    ...scheduleRoutes(parts),
    ...keepingRoutes(parts),
    ...restoreRoutes(parts.restores),
    route({
      ...operator,
      method: 'POST',
      path: '/recovery/backup',
      event: 'backup.made',
      handle: ({ caller }) => makeBackup(parts, { kind: caller.kind, id: caller.id }),
    }),
    route({
      ...operator,
      method: 'GET',
      path: '/recovery/backups',
      event: { none: 'lists names and sizes of backups' },
      handle: async () => ({
        backups: (await backups(parts.db)).map((one) => ({
          name: one.name,
          takenAt: one.taken_at.toISOString(),
          bytes: one.bytes,
          tables: one.tables,
          rows: one.row_count,
          keyFingerprint: one.key_fingerprint,
          removedAt: one.removed_at?.toISOString() ?? null,
        })),
      }),
    }),
  ] as const
}
