import { secondsAfter } from '../../kernel/clock.ts'
import type { Job } from '../../kernel/job.ts'
import { resumeChange, type RootChangeParts } from './change.ts'
import { removeRootUsesBefore } from './queries.ts'
import type { RootRouteDeps } from './routes.ts'
import { observeRoot } from './watch.ts'

const HOUR_SECONDS = 3600
/** Logs of keepers are compared over the last hours, so that a run that was missed is made up for. */
const COMPARED_SECONDS = 4 * HOUR_SECONDS
const USES_KEPT_SECONDS = 90 * 86_400

/** The hourly look at the root key: its health, the keeper's log, and a change that a stop interrupted. Policy 2.2-d, 2.3-b. */
export function rootJobs(deps: RootChangeParts & Pick<RootRouteDeps, 'reconcile'>): readonly Job[] {
  const { db, keyring, clock, record, root } = deps
  return [
    {
      name: 'encryption.root',
      cron: '17 * * * *',
      permission: 'system',
      event: 'root.observed',
      run: async () => {
        const now = clock.now()
        await observeRoot(deps, root)
        const span = { from: secondsAfter(now, -COMPARED_SECONDS), to: secondsAfter(now, -60) }
        const { unexplained, compared } = await deps.reconcile(span)
        if (unexplained > 0)
          await record?.(db, {
            type: 'root.unexplained',
            tenant: null,
            actor: { kind: 'system', id: 'encryption' },
            target: { kind: 'root-key', id: root.fingerprint },
            outcome: 'failed',
            details: { unexplained, compared },
            request: null,
          })
        await removeRootUsesBefore(keyring, secondsAfter(now, -USES_KEPT_SECONDS))
        await resumeChange(deps)
      },
    },
  ]
}
