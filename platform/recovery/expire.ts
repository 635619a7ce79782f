import type { Audit } from '../audit/index.ts'
import type { Database } from '../db/index.ts'
import { secondsAfter, type Clock } from '../kernel/clock.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { RECOVERY } from './backup.ts'
import { removeBackup } from './backup-files.ts'
import { backupRetention } from './parameters.ts'
import { backupsBefore, markRemoved } from './queries.ts'

/** Removes every backup past its retention and no other, each with its event; returns their names. Policy 6.1-e. */
export async function expireBackups(
  within: Database,
  parts: {
    readonly clock: Clock
    readonly policy: PolicyReader
    readonly audit: Pick<Audit, 'record'>
    /** The folder of the backups. */
    readonly folder: string
  },
): Promise<readonly string[]> {
  const limit = parts.policy.read(backupRetention)
  const now = parts.clock.now()
  const removed: string[] = []
  for (const { name, taken_at } of await backupsBefore(within, secondsAfter(now, -limit))) {
    // The bytes first: a row without them is found and repeated, bytes without a row would stay for ever.
    await removeBackup(parts.folder, name)
    if (!(await markRemoved(within, name, { removed_at: now, removed_limit_seconds: limit }))) continue
    await parts.audit.record(within, {
      type: 'backup.removed',
      tenant: null,
      actor: RECOVERY,
      target: { kind: 'backup', id: name },
      outcome: 'success',
      details: { takenAt: taken_at.toISOString(), limitSeconds: limit },
      request: null,
    })
    removed.push(name)
  }
  return removed
}
