import type { Job } from '../kernel/job.ts'
import { drillHouse, drillJobs } from './drills/index.ts'
import { keepingJobs } from './keeping.ts'
import { restoreJobs } from './restore/index.ts'
import type { RecoveryParts } from './recovery-parts.ts'
import { scheduleJobs } from './schedule/index.ts'

/** Backups by the clock, their copies and their end, the proofs that they come back, and drills. */
export function recoveryJobs(parts: RecoveryParts): readonly Job[] {
  return [
    ...restoreJobs(parts.restores),
    ...scheduleJobs(parts),
    ...keepingJobs(parts),
    ...drillJobs(drillHouse(parts)),
  ]
}
