import { join } from 'node:path'
import { secondsBetween } from '../kernel/clock.ts'
import { Problem } from '../kernel/problem.ts'
import { makeBackup, noteBackup, RECOVERY, type BackupParts } from './backup.ts'
import { backupNames, backupsFolder, readManifest } from './backup-files.ts'
import type { Manifest } from './manifest.ts'
import { backupInterval } from './parameters.ts'
import { backups, type BackupRow } from './queries.ts'

/** A backup is begun this long before the newest one reaches its age, so that it is there in time. */
const AHEAD_SECONDS = 900
const AHEAD_PART = 0.05

/** Notes backups that lie in the folder and in no row: after a crash at the last moment, or a restore from an older one. */
export async function adoptBackups(parts: BackupParts): Promise<void> {
  const folder = backupsFolder(parts.varFolder)
  const known = new Set((await backups(parts.db)).map((one) => one.name))
  for (const name of await backupNames(folder)) {
    if (known.has(name)) continue
    const manifest = await readManifest(join(folder, name)).catch((error: unknown) => {
      // A folder of somebody else is no backup; the check of 6.1-e names it.
      if (error instanceof Problem) return null
      throw error
    })
    if (manifest === null || manifest.name !== name) continue
    await parts.db.transaction().execute((tx) => noteBackup(tx, parts.audit, manifest, RECOVERY))
  }
}

/** The newest backup that is there. */
export async function newestBackup(parts: Pick<BackupParts, 'db' | 'varFolder'>): Promise<BackupRow | null> {
  const there = new Set(await backupNames(backupsFolder(parts.varFolder)))
  const rows = await backups(parts.db)
  return rows.find((row) => row.removed_at === null && there.has(row.name)) ?? null
}

/** Makes a backup when the newest one has nearly the age that the policy allows; null when none is due. Policy 6.1-a. */
export async function backupIfDue(parts: BackupParts): Promise<Manifest | null> {
  await adoptBackups(parts)
  const newest = await newestBackup(parts)
  const limit = parts.policy.read(backupInterval)
  const ahead = Math.max(AHEAD_SECONDS, limit * AHEAD_PART)
  const now = parts.clock.now()
  if (newest !== null && secondsBetween(newest.taken_at, now) < limit - ahead) return null
  try {
    return await makeBackup(parts)
  } catch (error) {
    // Another process is at it: that is the backup which was due.
    if (error instanceof Problem && error.code === 'resource.conflict') return null
    await recordFailure(parts, error)
    throw error
  }
}

/** A failure is recorded where it can be; the job itself fails in any case and is logged. */
async function recordFailure(parts: BackupParts, error: unknown): Promise<void> {
  const code = error instanceof Problem ? error.code : 'server.error'
  try {
    await parts.audit.record(parts.db, {
      type: 'backup.failed',
      tenant: null,
      actor: RECOVERY,
      target: null,
      outcome: 'failed',
      details: { code },
      request: null,
    })
  } catch (cause) {
    throw new AggregateError([error, cause], 'a backup failed, and so did recording it', { cause })
  }
}
