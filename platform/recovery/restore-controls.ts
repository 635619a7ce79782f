import { keyFingerprint } from '#envelope'
import { undone } from '../db/index.ts'
import { liveFingerprints, openBackupKey, plantDataKey, requireApart } from '../encryption/index.ts'
import { HOUR } from '../kernel/clock.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { everyBreakFound, observed } from '../kernel/observed.ts'
import { Problem } from '../kernel/problem.ts'
import type { BackupParts } from './backup.ts'
import type { KeepingParts } from './keeping.ts'
import type { ProofSystem } from './restore/index.ts'
import { newestBackup } from './schedule.ts'
import type { ScheduleSystem } from './schedule/index.ts'

/** The running system as the controls of chapter 6 observe it. */
export type RecoverySystem = BackupParts & Pick<ScheduleSystem, 'backups'> & ProofSystem & KeepingParts

function nothingYet(): Observation {
  return {
    result: 'fail',
    saw: 'there is no backup',
    metrics: { backups: 0 },
    scope: { count: 0, coverage: 1, of: 'backups' },
  }
}

function keyIsApart(sealedWith: string, others: ReadonlySet<string>, refused: boolean): Observation {
  const failures = [
    ...(others.has(sealedWith) ? ['the key of the newest backup is also a key of live data'] : []),
    ...(refused ? [] : ['a backup under a key of live data was not refused']),
  ]
  const says = `the newest backup is sealed under a key that is none of the ${others.size} keys of live data, and a backup under one of those is refused`
  const scope = { count: others.size, coverage: 1, of: 'keys of live data' }
  return observed(failures, says, { liveKeys: others.size }, scope)
}

/** Policy 2.2-b, 6.1-d: backups are encrypted under keys of their own. */
export const backupKeyApart: Control<RecoverySystem> = control({
  id: 'backup-key-apart',
  clauses: ['2.2-b', '6.1-d'],
  reads: [],
  everySeconds: 6 * HOUR,
  enforcedIn: ['platform/recovery/backup.ts', 'platform/encryption/key-inventory.ts', 'engines/envelope'],
  looks:
    'Compares the key of the newest backup with the root key and every key of every tenant, by fingerprint, and tries to use a data key for a backup.',
  breaks: 'A backup key that is also a data key, and one that is also the root key, must be found.',
  check: async (system) => {
    const newest = await newestBackup(system)
    if (newest === null) return nothingYet()
    const key = await openBackupKey(system.keysFolder)
    const refused = await undone(system.keyring, async (tx) => {
      await plantDataKey(tx, system, key)
      return requireApart(tx, system.root, key).then(
        () => false,
        (error: unknown) => error instanceof Problem && error.code === 'recovery.key-shared',
      )
    })
    return keyIsApart(newest.key_fingerprint, await liveFingerprints(system.keyring, system.root), refused)
  },
  knownBad: async (system) => {
    const key = await openBackupKey(system.keysFolder)
    const shared = await undone(system.keyring, async (tx) => {
      await plantDataKey(tx, system, key)
      return liveFingerprints(tx, system.root)
    })
    return everyBreakFound({
      'a backup key that is a data key': keyIsApart(keyFingerprint(key), shared, true),
      'a backup key that is the root key': keyIsApart(
        system.root.fingerprint,
        await liveFingerprints(system.keyring, system.root),
        true,
      ),
    })
  },
})
