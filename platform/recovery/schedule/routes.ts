import type { Audit } from '../../audit/index.ts'
import { DAY, secondsAfter, type Clock } from '../../kernel/clock.ts'
import type { Database } from '../../db/index.ts'
import type { Actor } from '../../kernel/event.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import type { Backups } from '../backups.ts'
import { rateOf } from './due.ts'
import { endPauses, insertPause, newestRuns, pauseAt, type RunRow } from './queries.ts'
import { makeBackupNow, whatIsDue } from './run-backup.ts'

/** What the routes of the schedule work with. */
export interface ScheduleRouteParts {
  readonly db: Database
  readonly clock: Clock
  readonly audit: Pick<Audit, 'record'>
  readonly backups: Backups
}

/** Why backups may be paused; words of one's own could name somebody. */
export const PAUSE_REASONS = ['maintenance', 'load', 'storage', 'investigation'] as const

const RUNS_SHOWN = 60
const pause = z.strictObject({
  reason: z.enum(PAUSE_REASONS),
  seconds: z
    .int()
    .min(300)
    .max(7 * DAY),
})
const now = z.strictObject({ kind: z.enum(['full', 'incremental']).optional() })

function shown(run: RunRow) {
  const { bytesPerSecond, secondsLeft } = rateOf({
    startedAt: run.started_at,
    heardAt: run.heard_at,
    doneBytes: run.done_bytes,
    totalBytes: run.total_bytes,
  })
  return {
    id: run.id,
    kind: run.kind,
    state: run.state,
    name: run.name,
    askedBy: run.asked_by_kind,
    startedAt: run.started_at.toISOString(),
    finishedAt: run.finished_at?.toISOString() ?? null,
    doneBytes: run.done_bytes,
    totalBytes: run.total_bytes,
    storedBytes: run.stored_bytes,
    bytesPerSecond,
    secondsLeft: run.state === 'running' ? secondsLeft : null,
    code: run.code,
  }
}

/** Bytes of this system in each region: what storing them costs is a matter of the region's price. */
async function storedIn(
  backups: Backups,
): Promise<Readonly<Record<string, { objects: number; bytes: number }>>> {
  const { repository } = await backups.house()
  const found = repository.regions.map(async (region) => {
    const heads = await repository.objects(region)
    return [region, { objects: heads.length, bytes: heads.reduce((sum, one) => sum + one.bytes, 0) }] as const
  })
  return Object.fromEntries(await Promise.all(found))
}

async function schedule(parts: ScheduleRouteParts) {
  const paused = await pauseAt(parts.db, parts.clock.now())
  const due = await whatIsDue(parts.backups.schedule)
  const lags = await parts.backups.lag()
  return {
    capabilities: await parts.backups.capabilities(),
    archiving: { runs: parts.backups.archives(), why: parts.backups.why() },
    lag: lags.map(({ region, lsn, recoverableTo, seconds }) => ({
      region,
      lsn,
      recoverableTo: recoverableTo?.toISOString() ?? null,
      seconds,
    })),
    next: due.kind === 'none' ? { kind: null, at: due.nextAt.toISOString() } : { kind: due.kind, at: null },
    paused:
      paused === null
        ? null
        : { reason: paused.reason, until: paused.ends_at.toISOString(), since: paused.made_at.toISOString() },
    runs: (await newestRuns(parts.db, RUNS_SHOWN)).map(shown),
  }
}

async function pauseBackups(
  parts: ScheduleRouteParts,
  actor: Actor,
  asked: z.output<typeof pause>,
): Promise<{ readonly until: string }> {
  const at = parts.clock.now()
  const until = secondsAfter(at, asked.seconds)
  await parts.db.transaction().execute(async (tx) => {
    if ((await pauseAt(tx, at)) !== null)
      throw new Problem('resource.conflict', 'Backups are paused already.')
    await insertPause(tx, {
      id: newId(parts.clock),
      reason: asked.reason,
      made_by_kind: actor.kind,
      made_by_id: actor.id,
      made_at: at,
      ends_at: until,
    })
    await parts.audit.record(tx, {
      type: 'backup.paused',
      tenant: null,
      actor,
      target: null,
      outcome: 'success',
      details: { reason: asked.reason, until: until.toISOString() },
      request: null,
    })
  })
  return { until: until.toISOString() }
}

async function resumeBackups(
  parts: ScheduleRouteParts,
  actor: Actor,
): Promise<{ readonly resumed: boolean }> {
  const at = parts.clock.now()
  return parts.db.transaction().execute(async (tx) => {
    if ((await endPauses(tx, { at, kind: actor.kind, id: actor.id })) === 0) return { resumed: false }
    await parts.audit.record(tx, {
      type: 'backup.resumed',
      tenant: null,
      actor,
      target: null,
      outcome: 'success',
      details: {},
      request: null,
    })
    return { resumed: true }
  })
}

const READS = { none: 'reads the schedule of backups, its runs and how far regions are behind' } as const

function make(parts: ScheduleRouteParts, { kind, id }: Actor, wanted: 'full' | 'incremental' | undefined) {
  return makeBackupNow(parts.backups.schedule, wanted ?? null, { kind, id })
}

/** What staff may see and change. */
function staffRoutes(parts: ScheduleRouteParts) {
  const changes = { method: 'POST', permission: 'recovery.change', fresh: true } as const
  return [
    route({
      method: 'GET',
      path: '/api/recovery/schedule',
      permission: 'recovery.read',
      event: READS,
      handle: () => schedule(parts),
    }),
    route({
      method: 'GET',
      path: '/api/recovery/stored',
      permission: 'recovery.read',
      perMinute: 6,
      event: { none: 'counts objects and bytes in each region' },
      handle: async () => ({ regions: await storedIn(parts.backups) }),
    }),
    route({
      ...changes,
      path: '/api/recovery/backups',
      event: 'backup.made',
      perMinute: 2,
      body: now,
      handle: ({ caller, body }) => make(parts, caller, body.kind),
    }),
    route({
      ...changes,
      path: '/api/recovery/schedule/pause',
      event: 'backup.paused',
      body: pause,
      handle: ({ caller, body }) => pauseBackups(parts, { kind: caller.kind, id: caller.id }, body),
    }),
    route({
      ...changes,
      path: '/api/recovery/schedule/resume',
      event: 'backup.resumed',
      handle: ({ caller }) => resumeBackups(parts, { kind: caller.kind, id: caller.id }),
    }),
  ] as const
}

/** The schedule of backups: what it does, a backup now, pause and resume. Policy 6.1-a, 6.1-b, 6.2-b. */
export function scheduleRoutes(parts: ScheduleRouteParts) {
  const operator = { surface: 'operator', permission: 'operator.local' } as const
  return [
    ...staffRoutes(parts),
    route({
      ...operator,
      method: 'GET',
      path: '/recovery/schedule',
      event: READS,
      handle: () => schedule(parts),
    }),
    route({
      ...operator,
      method: 'POST',
      path: '/recovery/backups',
      event: 'backup.made',
      body: now,
      handle: ({ caller, body }) => make(parts, caller, body.kind),
    }),
  ] as const
}
