import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import { DAY, secondsAfter, type Clock } from '../../kernel/clock.ts'
import type { Actor } from '../../kernel/event.ts'
import { newId } from '../../kernel/id.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import type { BackupDriver, BackupRef } from '../driver.ts'
import { backupIncremental, backupInterval } from '../parameters.ts'
import { dueBackup, type Due } from './due.ts'
import { oneAtATime } from './lock.ts'
import { beginRun, endRun, madeSince, noteProgress, pauseAt } from './queries.ts'

/** The system itself as the one who does something to backups. */
export const RECOVERY: Actor = { kind: 'system', id: 'recovery' }

/** What the schedule works with. */
export interface ScheduleParts {
  readonly db: Database
  readonly databaseUrl: string
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly audit: Pick<Audit, 'record'>
  readonly driver: Pick<BackupDriver, 'full' | 'incremental' | 'capabilities'>
  /** Whether something can be added to this backup. */
  readonly canFollow: (name: string) => Promise<boolean>
  /** Waits until the log of a backup is stored, without which nothing can be restored from it; false when that takes too long. */
  readonly logStored: (endLsn: string) => Promise<boolean>
  /** Called after a backup is whole. */
  readonly made?: (backup: BackupRef) => void
}

/** How often progress is written down (milliseconds). */
const PROGRESS_MS = 1000

/** What is due now. Policy 6.1-a, 6.1-b. */
export async function whatIsDue(parts: ScheduleParts): Promise<Due> {
  const now = parts.clock.now()
  const interval = parts.policy.read(backupInterval)
  const made = await madeSince(parts.db, secondsAfter(now, -(interval + DAY)))
  const followable = made[0] !== undefined && (await parts.canFollow(made[0].name))
  const { incremental: incrementals } = await parts.driver.capabilities()
  const increment = parts.policy.read(backupIncremental)
  return dueBackup({ made, now, interval, increment, incrementals, canFollow: () => followable })
}

/**
 * Makes the backup that is due; null when none is, while backups are paused, and while another process is at it. A failure is
 * recorded and thrown. Policy 6.1-a, 6.1-b.
 */
export async function makeDueBackup(parts: ScheduleParts): Promise<BackupRef | null> {
  if ((await pauseAt(parts.db, parts.clock.now())) !== null) return null
  if ((await whatIsDue(parts)).kind === 'none') return null
  return oneAtATime(parts.databaseUrl, async () => {
    // Another process may just have made it.
    const due = await whatIsDue(parts)
    return due.kind === 'none' ? null : make(parts, due, RECOVERY)
  })
}

/** Makes a backup because somebody asked: an incremental one where there can be one, else a full one. Throws `resource.conflict`. */
export async function makeBackupNow(
  parts: ScheduleParts,
  wanted: 'full' | 'incremental' | null,
  actor: Actor,
): Promise<BackupRef> {
  const made = await oneAtATime(parts.databaseUrl, async () => make(parts, await asked(parts, wanted), actor))
  if (made === null) throw new Problem('resource.conflict', 'A backup is being made at this moment.')
  return made
}

async function asked(
  parts: ScheduleParts,
  wanted: 'full' | 'incremental' | null,
): Promise<Exclude<Due, { kind: 'none' }>> {
  if (wanted === 'full') return { kind: 'full' }
  const now = parts.clock.now()
  const [newest] = await madeSince(parts.db, secondsAfter(now, -(parts.policy.read(backupInterval) + DAY)))
  const { incremental } = await parts.driver.capabilities()
  if (incremental && newest !== undefined && (await parts.canFollow(newest.name)))
    return { kind: 'incremental', parent: newest.name }
  if (wanted === null) return { kind: 'full' }
  throw new Problem('recovery.unsupported', 'There is no backup that an incremental one could follow.')
}

async function make(
  parts: ScheduleParts,
  due: Exclude<Due, { kind: 'none' }>,
  actor: Actor,
): Promise<BackupRef> {
  const id = newId(parts.clock)
  const startedAt = parts.clock.now()
  const row = { id, kind: due.kind, asked_by_kind: actor.kind, asked_by_id: actor.id }
  await beginRun(
    parts.db,
    { ...row, started_at: startedAt, heard_at: startedAt, state: 'running' },
    startedAt,
  )
  const told = progressNotes(parts, id)
  try {
    const backup =
      due.kind === 'full'
        ? await parts.driver.full(told.hear)
        : await parts.driver.incremental(due.parent, told.hear)
    await told.settled()
    if (!(await parts.logStored(backup.endLsn)))
      throw new Problem('recovery.unwritable', 'The log of this backup could not be stored in time.')
    await noteMade(parts, id, backup, actor)
    parts.made?.(backup)
    return backup
  } catch (error) {
    await told.settled()
    await noteFailed(parts, id, error)
    throw error
  }
}

/** Writes progress down once a second, the last word of it at last. */
function progressNotes(parts: ScheduleParts, id: string) {
  let notedAt = 0
  let writing: Promise<void> = Promise.resolve()
  const hear = ({ doneBytes, totalBytes }: { doneBytes: number; totalBytes: number | null }): void => {
    if (performance.now() - notedAt < PROGRESS_MS) return
    notedAt = performance.now()
    const note = { at: parts.clock.now(), doneBytes, totalBytes }
    // Progress that is not written down spoils no backup.
    writing = writing.then(() => noteProgress(parts.db, id, note)).catch(() => {})
  }
  return { hear, settled: () => writing }
}

async function noteMade(parts: ScheduleParts, id: string, backup: BackupRef, actor: Actor): Promise<void> {
  const { name, kind, parent, bytes, regions, startLsn, endLsn } = backup
  await parts.db.transaction().execute(async (tx) => {
    await endRun(tx, id, { at: parts.clock.now(), name, storedBytes: bytes })
    await parts.audit.record(tx, {
      type: 'backup.made',
      tenant: null,
      actor,
      target: { kind: 'backup', id: name },
      outcome: 'success',
      details: { kind, parent, bytes, regions: [...regions], startLsn, endLsn },
      request: null,
    })
  })
}

/** A failure is recorded where it can be; the caller fails in any case. */
async function noteFailed(parts: ScheduleParts, id: string, error: unknown): Promise<void> {
  const code = error instanceof Problem ? error.code : 'server.error'
  try {
    await parts.db.transaction().execute(async (tx) => {
      await endRun(tx, id, { at: parts.clock.now(), code })
      await parts.audit.record(tx, {
        type: 'backup.failed',
        tenant: null,
        actor: RECOVERY,
        target: null,
        outcome: 'failed',
        details: { code },
        request: null,
      })
    })
  } catch (cause) {
    throw new AggregateError([error, cause], 'a backup failed, and so did recording it', { cause })
  }
}
