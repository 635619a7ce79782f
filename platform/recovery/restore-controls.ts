import { cp, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { keyFingerprint } from '#envelope'
import { undone } from '../db/index.ts'
import { liveFingerprints, openBackupKey, plantDataKey, requireApart } from '../encryption/index.ts'
import { HOUR } from '../kernel/clock.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { everyBreakFound, observed } from '../kernel/observed.ts'
import { Problem } from '../kernel/problem.ts'
import type { BackupParts } from './backup.ts'
import { backupsFolder, SEALED_FILE } from './backup-files.ts'
import type { BackupRow } from './queries.ts'
import { verifyBackup } from './read-backup.ts'
import { restoreCheck } from './restore-check.ts'
import { newestBackup } from './schedule.ts'
import type { ScheduleSystem } from './schedule/index.ts'

/** The running system as the controls of chapter 6 observe it. */
export type RecoverySystem = BackupParts & Pick<ScheduleSystem, 'backups'>

function nothingYet(): Observation {
  return {
    result: 'fail',
    saw: 'there is no backup',
    metrics: { backups: 0 },
    scope: { count: 0, coverage: 1, of: 'backups' },
  }
}

/** A known-bad run without a backup planted nothing, so it must not come out as a failure that was found. */
async function backupToBreak(system: RecoverySystem): Promise<BackupRow> {
  const newest = await newestBackup(system)
  if (newest === null) throw new Problem('recovery.unreadable', 'There is no backup yet.')
  return newest
}

async function newestRestores(system: RecoverySystem): Promise<Observation> {
  const newest = await newestBackup(system)
  if (newest === null) return nothingYet()
  const key = await openBackupKey(system.keysFolder)
  const from = join(backupsFolder(system.varFolder), newest.name)
  const startedAt = performance.now()
  const proof = await restoreCheck({ ...system, from, key })
  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1))
  const says = `the newest backup was restored into an empty database within ${seconds} s: ${proof.tables} tables with ${proof.rows} rows are equal to what was copied, the root key opens ${proof.keys} keys and ${proof.ledgerEntries} ledger entries verify`
  const { tables, rows, keys, ledgerEntries } = proof
  return observed(
    [],
    says,
    { tables, rows, keys, ledgerEntries, seconds },
    { count: 1, coverage: 1, of: 'newest backups' },
  )
}

/** What reading a copy of the newest backup says after `damage` was done to its sealed file. */
async function damagedCopy(
  system: RecoverySystem,
  newest: BackupRow,
  damage: (file: string) => Promise<void>,
): Promise<Observation> {
  const copy = join(system.varFolder, 'damaged-copy')
  try {
    await rm(copy, { recursive: true, force: true })
    await cp(join(backupsFolder(system.varFolder), newest.name), copy, { recursive: true })
    await damage(join(copy, SEALED_FILE))
    const scope = { count: 1, coverage: 1, of: 'damaged backups' }
    return await verifyBackup(copy, await openBackupKey(system.keysFolder)).then(
      () => observed([], 'the damaged backup was read without complaint', {}, scope),
      (error: unknown) => {
        if (error instanceof Problem) return observed([error.detail], '', {}, scope)
        throw error
      },
    )
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function cutEnd(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.truncate(Math.max(0, (await stat(file)).size - 100))
  } finally {
    await handle.close()
  }
}

async function flipByte(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    const at = Math.floor((await stat(file)).size / 2)
    const byte = Buffer.alloc(1)
    await handle.read(byte, 0, 1, at)
    byte[0] = (byte[0] ?? 0) ^ 1
    await handle.write(byte, 0, 1, at)
  } finally {
    await handle.close()
  }
}

/** Policy 6.1-a: what is backed up can be restored. */
export const backupRestores: Control<RecoverySystem> = control({
  id: 'backup-restores',
  clauses: ['6.1-a'],
  reads: [],
  everySeconds: 6 * HOUR,
  enforcedIn: ['platform/recovery/restore.ts', 'platform/recovery/restore-check.ts'],
  looks:
    'Restores the newest backup into a scratch database, compares rows and digests of every table, opens every key and recomputes the ledger.',
  breaks: 'A copy of the newest backup that is cut short and one with a flipped bit must be refused.',
  check: newestRestores,
  knownBad: async (system) => {
    const newest = await backupToBreak(system)
    return everyBreakFound({
      'a cut copy': await damagedCopy(system, newest, cutEnd),
      'a flipped bit': await damagedCopy(system, newest, flipByte),
    })
  },
})

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
