import { secondsAfter, secondsBetween } from '../../kernel/clock.ts'
import type { Job } from '../../kernel/job.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { ROTATE_AT } from '../key-changes.ts'
import { rootKeysSince } from '../keyring/queries.ts'
import { keysRotation } from '../parameters.ts'
import { resumeChange, rotateRoot, type RootChangeParts } from './change.ts'
import { removeRootUsesBefore } from './queries.ts'
import { newAlarms, readKeeperLogs } from './reconcile.ts'
import type { RootRouteDeps } from './routes.ts'
import { observeRoot } from './watch.ts'

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
export function rootJobs(deps: RootChangeParts & Pick<RootRouteDeps, 'logs' | 'policy'>): readonly Job[] {
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
        const { logs } = deps.logs()
        await readKeeperLogs(deps, logs)
        for (const { fingerprint, found } of await newAlarms(keyring, logs, clock.now()))
          await record?.(db, {
            type: 'root.unexplained',
            tenant: null,
            actor: SYSTEM,
            target: { kind: 'root-key', id: fingerprint },
            outcome: 'failed',
            details: {
              unexplained: found.unexplained,
              missing: found.missing,
              compared: found.compared,
            },
            request: null,
          })
        await removeRootUsesBefore(keyring, secondsAfter(now, -USES_KEPT_SECONDS))
        await resumeChange(deps)
        await rotateDueRoot(deps, deps.policy)
      },
    },
  ]
}
