import { setTimeout as pause } from 'node:timers/promises'
import { signingKeysInUse } from './access/index.ts'
import { REENCRYPT, tenantKeyClasses, type KeyClass } from './encryption/index.ts'
import type { Ground } from './ground.ts'
import { DAY } from './kernel/clock.ts'
import { backupRetention, openHolds } from './recovery/index.ts'
import { enqueue } from './worker/index.ts'

/** After the retention of backups, this much longer until nothing can be restored from them any more. */
const EXPIRY_SECONDS = 2 * DAY
/** The part of the time that moving stored values may take from everything else. */
const WORK_SHARE = 0.5

/** Every class of keys that the running system uses, as `surety keys` shows them. Policy 2.3-a.1. */
export function keyClasses({ db, keyParts }: Ground, backup: KeyClass): readonly KeyClass[] {
  // Before the checks that wait: somebody watches the progress.
  const urgent = { key: REENCRYPT, triesMax: 3, priority: -5 }
  const moveSoon = (): Promise<void> => enqueue(db, REENCRYPT, {}, urgent)
  return [
    ...tenantKeyClasses(keyParts, moveSoon),
    {
      name: 'signing',
      says: 'what ID tokens of OAuth 2.0 are signed with',
      how: 'Replaced by a daily job before the allowed age, and with `surety oauth-keys rotate`.',
      aged: true,
      inUse: () => signingKeysInUse(db),
      rotate: null,
    },
    backup,
  ]
}

/** What the background work of rotation needs besides jobs. */
export function rotationParts({ db, keyParts, policy }: Ground) {
  return {
    ...keyParts,
    data: db,
    share: WORK_SHARE,
    pause: async (milliseconds: number): Promise<void> => {
      await pause(milliseconds)
    },
    backupSeconds: () => policy.read(backupRetention) + EXPIRY_SECONDS,
    heldSince: async () => (await openHolds(db)).map(({ from }) => from),
  }
}
