import type { KeyObject } from 'node:crypto'
import type { Database } from '../db/index.ts'
import { secondsAfter, type Clock } from '../kernel/clock.ts'
import type { Job } from '../kernel/job.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { rotateDueKeys, type RecordEvent } from './key-store.ts'
import { removeAccessesBefore } from './queries.ts'

/** The register of the key store is for comparison; the audit log is what lasts. */
const REGISTER_SECONDS = 90 * 86_400

/** The daily rotation of data keys; every process hears of new versions through `keys_changed`. Policy 2.3-a.1. */
export function encryptionJobs(deps: {
  readonly db: Database
  readonly clock: Clock
  readonly root: KeyObject
  readonly policy: PolicyReader
  readonly record: RecordEvent
}): readonly Job[] {
  return [
    {
      name: 'encryption.rotate',
      cron: '41 2 * * *',
      permission: 'system',
      event: 'key.rotated',
      run: () =>
        deps.db.transaction().execute(async (tx) => {
          await rotateDueKeys(tx, deps, deps.policy)
          await removeAccessesBefore(tx, secondsAfter(deps.clock.now(), -REGISTER_SECONDS))
        }),
    },
  ]
}
