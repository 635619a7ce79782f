import { segmentBytesDefault } from '#backup'
import type { Audit } from '../audit/index.ts'
import type { Database } from '../db/index.ts'
import type { AgedKey, KeyClass } from '../encryption/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Control } from '../kernel/control.ts'
import type { Actor } from '../kernel/event.ts'
import type { Job } from '../kernel/job.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import type { Backups } from './backups.ts'
import { retentionOf } from './lock-times.ts'
import { backupRetention } from './parameters.ts'
import { backupsInRegions, copyToRegions, regionRoutes, type RegionsSystem } from './regions/index.ts'
import { backupsEnd, expireBackups, retentionRoutes, type Expired } from './retention/index.ts'
import type { Residency } from './stores/index.ts'
import {
  backupKeysApart,
  isRecipient,
  rotateDueBackupKeys,
  rotateRecoveryKey,
  rotateSigningKey,
  type KeysSystem,
  type RotationParts,
} from './wraps/index.ts'

/** What backups are kept with: where they lie, for how long, and under whose keys. */
export interface KeepingParts extends Pick<KeysSystem, 'keyring' | 'root' | 'keysFolder' | 'recoveryFolder'> {
  readonly backups: Pick<Backups, 'house'>
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly audit: Pick<Audit, 'record'>
  readonly residency: Residency
}

const ROTATION: Actor = { kind: 'system', id: 'recovery.rotate-keys' }

const seen = (
  parts: KeepingParts,
): KeepingParts & Pick<RegionsSystem, 'house'> & Pick<KeysSystem, 'house'> => ({
  ...parts,
  house: parts.backups.house,
})

/** A control that looks at the repository, over the parts that have it. */
function over<System>(
  control: Control<System>,
  system: (parts: KeepingParts) => System,
): Control<KeepingParts> {
  return {
    ...control,
    check: (parts) => control.check(system(parts)),
    knownBad: (parts) => control.knownBad(system(parts)),
  }
}

/** Controls of clauses 2.2-b, 6.1-c, 6.1-d and 6.1-e. */
export const keepingControls: readonly Control<KeepingParts>[] = [
  over(backupsInRegions, seen),
  over(backupKeysApart, seen),
  over(backupsEnd, seen),
]

async function rotationParts(parts: KeepingParts): Promise<RotationParts & Pick<KeepingParts, 'policy'>> {
  return { ...parts, ...(await parts.backups.house()) }
}

/** Removes now what is past its retention. Policy 6.1-e. */
async function endOldBackups(parts: KeepingParts): Promise<Expired> {
  const { repository, stores, keys } = await parts.backups.house()
  const { tailSeconds } = retentionOf(parts.policy.read(backupRetention))
  const house = { repository, stores, signer: keys.signer }
  return expireBackups({ ...parts, ...house, tailSeconds, segmentBytes: segmentBytesDefault })
}

/** Copies between regions, the end of backups and the rotation of their keys. */
export function keepingJobs(parts: KeepingParts): readonly Job[] {
  const system = { permission: 'system', triesMax: 1 } as const
  return [
    {
      ...system,
      name: 'recovery.copy',
      cron: '*/5 * * * *',
      event: { none: 'what differs between regions is an event of its own' },
      run: async () => {
        const { repository, stores } = await parts.backups.house()
        await copyToRegions({ ...parts, repository, stores })
      },
    },
    {
      ...system,
      name: 'recovery.retention',
      cron: '29 * * * *',
      event: 'backup.removed',
      run: async () => {
        const { failed } = await endOldBackups(parts)
        const [first] = failed
        if (first !== undefined)
          throw new Error(`what is past its retention in ${first.region} could not be removed`, {
            cause: first.error,
          })
      },
    },
    {
      ...system,
      name: 'recovery.rotate-keys',
      cron: '17 3 * * *',
      event: 'backup.key-rotated',
      run: async () => {
        await rotateDueBackupKeys(await rotationParts(parts), ROTATION)
      },
    },
  ]
}

/** Regions, holds and certificates for the staff. */
export function keepingRoutes(parts: KeepingParts) {
  return [...regionRoutes(seen(parts)), ...retentionRoutes(parts)] as const
}

/** The keys of backups among the classes of keys, for `surety keys`. Policy 2.3-a.1. */
export function backupKeyClasses(parts: KeepingParts): readonly KeyClass[] {
  const inUse = (which: (ages: readonly AgedKey[]) => AgedKey | undefined) => async () =>
    [which((await parts.backups.house()).keys.ages())].filter((one) => one !== undefined)
  return [
    {
      name: 'backup',
      says: 'the recovery key that backups are wrapped to',
      how: 'Replaced with `surety keys rotate backup`: every secret is wrapped to the next key beside its objects, which stay as they are; with `--to`, to one that is kept elsewhere.',
      aged: true,
      inUse: inUse(([recovery]) => recovery),
      takesRecipient: true,
      rotate: async ({ actor }, to) => {
        if (to !== undefined && !(await isRecipient(to)))
          throw new Problem('request.invalid', 'This is no post-quantum recipient of age (age1pq1…).')
        await rotateRecoveryKey(await rotationParts(parts), actor, to)
        return 1
      },
    },
    {
      name: 'signing',
      says: 'what manifests and other notes of backups are signed with',
      how: 'Replaced with `surety keys rotate signing`; what older keys signed stays trusted.',
      aged: true,
      inUse: inUse(([, signing]) => signing),
      rotate: async ({ actor }) => {
        await rotateSigningKey(await rotationParts(parts), actor)
        return 1
      },
    },
  ]
}
