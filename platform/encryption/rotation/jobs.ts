import { MINUTE } from '../../kernel/clock.ts'
import type { Job } from '../../kernel/job.ts'
import { reencrypt, type ReencryptParts } from './reencrypt.ts'
import { reindex, type ReindexParts } from './reindex.ts'
import { retireUnused, type RetireParts } from './retire.ts'

/** Moves stored values and look-up values under the newest keys; enqueued under this name when keys are replaced by hand. */
export const REENCRYPT = 'encryption.reencrypt'

/** A run ends after so long and is taken up by the next one. */
const RUN_SECONDS = 9 * MINUTE

/** The background work of rotation: values move every ten minutes while there are any, older versions retire once a day. Policy 2.3-a.1. */
export function rotationJobs(deps: ReencryptParts & ReindexParts & RetireParts): readonly Job[] {
  return [
    {
      name: REENCRYPT,
      cron: '*/10 * * * *',
      permission: 'system',
      event: 'key.opened',
      run: async () => {
        const end = deps.clock.now().getTime() + RUN_SECONDS * 1000
        const isOver = (): boolean => deps.clock.now().getTime() >= end
        await reencrypt(deps, isOver)
        await reindex(deps, isOver)
      },
    },
    {
      name: 'encryption.retire',
      cron: '23 3 * * *',
      permission: 'system',
      event: 'key.retired',
      run: async () => {
        await retireUnused(deps)
      },
    },
  ]
}
