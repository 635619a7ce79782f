import type { Database, Transaction } from '../db/index.ts'
import { secondsAfter, type Clock } from '../kernel/clock.ts'
import type { Job } from '../kernel/job.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { auditRetention } from './parameters.ts'
import { removeEventsBefore } from './queries.ts'
import type { Audit } from './record.ts'

/** Removes what is past its retention and records that it did. Policy 8.2-a.1. */
export async function retainEvents(
  tx: Transaction,
  audit: Pick<Audit, 'record'>,
  policy: PolicyReader,
  now: Date,
): Promise<void> {
  const cutoff = secondsAfter(now, -policy.read(auditRetention))
  const removed = await removeEventsBefore(tx, cutoff)
  await audit.record(tx, {
    type: 'audit.retained',
    tenant: null,
    actor: { kind: 'system', id: 'audit.retain' },
    target: null,
    outcome: 'success',
    details: { removed, before: cutoff.toISOString() },
    request: null,
  })
}

/** The daily work of the audit log. */
export function auditJobs(deps: {
  readonly db: Database
  readonly audit: Pick<Audit, 'record'>
  readonly policy: PolicyReader
  readonly clock: Clock
}): readonly Job[] {
  return [
    {
      name: 'audit.retain',
      cron: '17 3 * * *',
      permission: 'system',
      event: 'audit.retained',
      run: () =>
        deps.db.transaction().execute((tx) => retainEvents(tx, deps.audit, deps.policy, deps.clock.now())),
    },
  ]
}
