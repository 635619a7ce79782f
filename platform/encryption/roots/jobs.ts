import { secondsAfter, secondsBetween } from '../../kernel/clock.ts'
import type { Job } from '../../kernel/job.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { ROTATE_AT } from '../key-changes.ts'
import { rootKeysSince } from '../keyring/queries.ts'
import { keysRotation } from '../parameters.ts'
import { resumeChange, rotateRoot, type RootChangeParts } from './change.ts'
import { removeRootUsesBefore } from './queries.ts'
import type { RootRouteDeps } from './routes.ts'
import { observeRoot } from './watch.ts'

const HOUR_SECONDS = 3600
/** Logs of keepers are compared over the last hours, so that a run that was missed is made up for. */
const COMPARED_SECONDS = 4 * HOUR_SECONDS
const USES_KEPT_SECONDS = 90 * 86_400

const SYSTEM = { kind: 'system', id: 'encryption' } as const

/** Makes the next version once the newest one is in use for nine tenths of the age that the policy allows; tells whether it did. Policy 2.3-a.1. */
export async function rotateDueRoot(parts: RootChangeParts, policy: PolicyReader): Promise<boolean> {
  const all = await rootKeysSince(parts.keyring)
  const mine = all.find((one) => one.fingerprint === parts.root.fingerprint)
  const age = mine === undefined ? 0 : secondsBetween(mine.since, parts.clock.now())
  if (age < policy.read(keysRotation) * ROTATE_AT) return false
  await rotateRoot(parts, SYSTEM)
  return true
}

/**
 * The hourly look at the root key: its health, the keeper's log, a change that a stop interrupted, and its age. Policy 2.2-d,
 * 2.3-a.1, 2.3-b.
 */
export function rootJobs(
  deps: RootChangeParts & Pick<RootRouteDeps, 'reconcile' | 'policy'>,
): readonly Job[] {
  const { db, keyring, clock, record, root } = deps
  return [
    {
      name: 'encryption.root',
      cron: '17 * * * *',
      permission: 'system',
      event: 'root.observed',
      // The next hour asks again; a keeper that is away is told by the event of each run.
      triesMax: 2,
      run: async () => {
        const now = clock.now()
        await observeRoot(deps, root)
        const span = { from: secondsAfter(now, -COMPARED_SECONDS), to: secondsAfter(now, -60) }
        const { unexplained, compared } = await deps.reconcile(span)
        if (unexplained > 0)
          await record?.(db, {
            type: 'root.unexplained',
            tenant: null,
            actor: SYSTEM,
            target: { kind: 'root-key', id: root.fingerprint },
            outcome: 'failed',
            details: { unexplained, compared },
            request: null,
          })
        await removeRootUsesBefore(keyring, secondsAfter(now, -USES_KEPT_SECONDS))
        await resumeChange(deps)
        await rotateDueRoot(deps, deps.policy)
      },
    },
  ]
}
