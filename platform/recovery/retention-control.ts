import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { undone, type Database } from '../db/index.ts'
import { DAY, HOUR, secondsAfter, secondsBetween } from '../kernel/clock.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { everyBreakFound, observed } from '../kernel/observed.ts'
import { policyWith, type PolicyReader } from '../kernel/parameter.ts'
import { withProbeFolder } from '../kernel/probe-folder.ts'
import { backupNames, backupsFolder } from './backup-files.ts'
import { expireBackups } from './expire.ts'
import { backupRetention } from './parameters.ts'
import { backups, insertBackup, type BackupRow } from './queries.ts'
import type { RecoverySystem } from './restore-controls.ts'

/** The removal runs once an hour, so a backup may be kept this much longer. */
const SLACK_SECONDS = 2 * HOUR

/** What is wrong with the backups that are kept and those that were removed. */
function historyFaults(
  rows: readonly BackupRow[],
  names: readonly string[],
  limit: number,
  now: Date,
): string[] {
  const there = new Set(names)
  const known = new Set(rows.map((row) => row.name))
  const kept = rows.filter((row) => row.removed_at === null)
  const early = rows.filter(
    ({ removed_at, removed_limit_seconds, taken_at }) =>
      removed_at !== null && secondsBetween(taken_at, removed_at) < (removed_limit_seconds ?? 0),
  )
  const overdue = kept.filter((row) => secondsBetween(row.taken_at, now) > limit + SLACK_SECONDS)
  const removed = rows.filter((row) => row.removed_at !== null)
  return [
    ...kept.filter((row) => !there.has(row.name)).map((row) => `the backup ${row.name} is missing`),
    ...removed
      .filter((row) => there.has(row.name))
      .map((row) => `the removed backup ${row.name} is still there`),
    ...names.filter((name) => !known.has(name)).map((name) => `${name} is no backup that was recorded`),
    ...early.map((row) => `the backup ${row.name} was removed too early`),
    ...overdue.map((row) => `the backup ${row.name} is kept too long`),
  ]
}

/** Runs the removal, obeying `obeyed`, over one backup an hour younger and one an hour older than the limit; undone afterwards. */
function removalFaults(system: RecoverySystem, obeyed: PolicyReader): Promise<string[]> {
  const limit = system.policy.read(backupRetention)
  const plant = async (tx: Database, folder: string, ageSeconds: number): Promise<string> => {
    const name = `probe-${randomUUID()}`
    await mkdir(join(folder, name))
    const taken_at = secondsAfter(system.clock.now(), -ageSeconds)
    await insertBackup(tx, { name, taken_at, bytes: 0, key_fingerprint: 'probe', tables: 0, row_count: 0 })
    return name
  }
  return withProbeFolder((folder) =>
    undone(system.db, async (tx) => {
      const young = await plant(tx, folder, limit - HOUR)
      const old = await plant(tx, folder, limit + HOUR)
      await expireBackups(tx, { clock: system.clock, audit: system.audit, policy: obeyed, folder })
      const left = await backupNames(folder)
      return [
        ...(left.includes(young) ? [] : ['a backup an hour younger than the limit was removed']),
        ...(left.includes(old) ? ['a backup an hour older than the limit was kept'] : []),
      ]
    }),
  )
}

function retentionHolds(
  system: RecoverySystem,
  rows: readonly BackupRow[],
  faults: readonly string[],
): Observation {
  const limit = system.policy.read(backupRetention)
  const kept = rows.filter((row) => row.removed_at === null)
  const removed = rows.length - kept.length
  const ages = kept.map((row) => secondsBetween(row.taken_at, system.clock.now()))
  const oldestDays = Math.floor(Math.max(0, ...ages) / DAY)
  const past =
    removed > 0
      ? `${removed} were removed, none of them early`
      : 'none of them has reached its age yet, so that nothing was removed so far'
  const says = `${kept.length} backups are kept, the oldest for ${oldestDays} days of ${backupRetention.type.show(limit)}; ${past}; the removal takes a probe an hour older than the limit and leaves one an hour younger`
  return observed(
    faults,
    says,
    { kept: kept.length, removed, oldestDays, limitSeconds: limit },
    { count: rows.length, coverage: 1, of: 'backups ever made' },
  )
}

/** Policy 6.1-e: backups are kept for the retention, no shorter and no longer. */
export const backupsRetained: Control<RecoverySystem> = control({
  id: 'backups-retained',
  clauses: ['6.1-e'],
  reads: [backupRetention],
  everySeconds: 6 * HOUR,
  enforcedIn: ['platform/recovery/expire.ts', 'platform/recovery/jobs.ts'],
  looks:
    'Compares the backup folder with the record of every backup ever made, and runs the removal over two probes around the limit, undone afterwards.',
  breaks:
    'A removal that obeys half the limit, one that obeys twice the limit and a backup that has vanished must be found.',
  check: async (system) => {
    const rows = await backups(system.db)
    const names = await backupNames(backupsFolder(system.varFolder))
    const limit = system.policy.read(backupRetention)
    const history = historyFaults(rows, names, limit, system.clock.now())
    return retentionHolds(system, rows, [...history, ...(await removalFaults(system, system.policy))])
  },
  knownBad: async (system) => {
    const limit = system.policy.read(backupRetention)
    const obeying = (seconds: number): PolicyReader =>
      policyWith({ [backupRetention.name]: seconds }, system.policy)
    const rows = await backups(system.db)
    const gone = { name: 'vanished', taken_at: system.clock.now(), removed_at: null }
    const vanished = [
      { ...gone, bytes: 0, key_fingerprint: '', removed_limit_seconds: null, row_count: 0, tables: 0 },
    ]
    return everyBreakFound({
      'half the limit': retentionHolds(system, rows, await removalFaults(system, obeying(limit / 2))),
      'twice the limit': retentionHolds(system, rows, await removalFaults(system, obeying(limit * 2))),
      'a vanished backup': retentionHolds(
        system,
        rows,
        historyFaults(vanished, [], limit, system.clock.now()),
      ),
    })
  },
})
