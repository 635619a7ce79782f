import { secondsAfter } from '../kernel/clock.ts'
import type { Job } from '../kernel/job.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { rotateDueKeys } from './key-changes.ts'
import type { KeyStoreParts } from './key-parts.ts'
import { explainInterrupted } from './key-use.ts'
import { interruptedUses, removeAccessesBefore } from './keyring/register-queries.ts'
import type { TenantKeys } from './tenant-keys.ts'

/** The register of the keyring is for comparison; the audit log is what lasts. */
const REGISTER_SECONDS = 90 * 86_400
/** How far back uses without an end are looked for. */
const INTERRUPTED_SECONDS = 2 * 86_400

/** What keeps keys in order: the daily rotation, destructions that wait, and uses that nobody could end. Policy 2.3-a.1, 2.3-b. */
export function encryptionJobs(
  deps: KeyStoreParts & { readonly policy: PolicyReader; readonly keys: Pick<TenantKeys, 'carryOut'> },
): readonly Job[] {
  const { db, keyring, clock, record } = deps
  return [
    {
      name: 'encryption.rotate',
      cron: '41 2 * * *',
      permission: 'system',
      event: 'key.rotated',
      run: async () => {
        await rotateDueKeys(deps, deps.policy)
        await removeAccessesBefore(keyring, secondsAfter(clock.now(), -REGISTER_SECONDS))
      },
    },
    {
      name: 'encryption.destroy',
      cron: '* * * * *',
      permission: 'system',
      event: 'key.destroyed',
      run: async () => {
        await deps.keys.carryOut()
        const span = { from: secondsAfter(clock.now(), -INTERRUPTED_SECONDS), now: clock.now() }
        await explainInterrupted(db, record, await interruptedUses(db, keyring, span))
      },
    },
  ]
}
