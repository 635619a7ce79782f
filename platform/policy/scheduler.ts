import { notify, type Database } from '../db/index.ts'
import { secondsAfter } from '../kernel/clock.ts'
import type { BoundControl } from '../kernel/control.ts'
import type { Job } from '../kernel/job.ts'
import { z } from '../kernel/schema.ts'
import { enqueue } from '../worker/index.ts'
import { findDrift, recordDrift, type DriftDeps } from './drift.ts'
import { newestRuns, type Run, type RunKind } from './evidence-queries.ts'
import { promoteInForce } from './queries.ts'
import { runControl, runSubject, SELF_TEST_SECONDS, wentRed, type RunDeps } from './runs.ts'

/** What the jobs of the policy need. */
export type SchedulerDeps = RunDeps &
  DriftDeps & {
    /** Over how many seconds the runs that follow a start are spread. */
    readonly startSpreadSeconds?: number
  }

/** A run that is due. */
export interface DueRun {
  readonly control: string
  readonly kind: RunKind
}

const TICK = 'policy.tick'
const RUN = 'policy.run'
const runPayload = z.object({ control: z.string(), kind: z.enum(['check', 'known-bad']) })
const tickPayload = z.object({ start: z.boolean().optional() })

/** Over how many seconds the runs that follow a start are spread, unless told. */
const SPREAD_SECONDS = 20

/**
 * The runs that are due: a check when its interval has passed, or when its values or the code changed; a known-bad run
 * when the code has none yet, once a day after it went red, and with every check until it does. With `all`, every check.
 */
export async function dueRuns(deps: RunDeps, all = false): Promise<DueRun[]> {
  const { controls } = deps.registry
  const newest = await newestRuns(
    deps.db,
    controls.map(({ id }) => id),
  )
  const last = new Map(newest.map(({ run }) => [`${run.kind} ${run.control}`, run]))
  return controls.flatMap((control) => {
    const check = last.get(`check ${control.id}`)
    const knownBad = last.get(`known-bad ${control.id}`)
    return [
      ...(all || checkDue(deps, control, check) ? [{ control: control.id, kind: 'check' as const }] : []),
      // The first known-bad run follows the first check by itself.
      ...(check !== undefined && knownBadDue(deps, control, knownBad)
        ? [{ control: control.id, kind: 'known-bad' as const }]
        : []),
    ]
  })
}

function checkDue(deps: RunDeps, control: BoundControl, last: Run | undefined): boolean {
  if (last === undefined || passed(deps, last, control.everySeconds)) return true
  const subject = runSubject(deps, control)
  return !last.paramsHash.equals(subject.paramsHash) || !last.checkCodeHash.equals(subject.checkCodeHash)
}

function knownBadDue(deps: RunDeps, control: BoundControl, last: Run | undefined): boolean {
  if (last === undefined || passed(deps, last, wentRed(last) ? SELF_TEST_SECONDS : control.everySeconds))
    return true
  return !last.checkCodeHash.equals(runSubject(deps, control).checkCodeHash)
}

function passed(deps: RunDeps, last: Run, seconds: number): boolean {
  return secondsAfter(last.observedAt, seconds) <= deps.clock.now()
}

/** Runs what is due and, after a check whose code has no known-bad run yet, that one as well; returns what was seen. */
export async function runDue(deps: RunDeps, due: DueRun): Promise<Run[]> {
  const run = await runControl(deps, due.control, due.kind)
  if (due.kind === 'known-bad' || run.selfTest !== null) return [run]
  return [run, await runControl(deps, due.control, 'known-bad')]
}

/**
 * What happens every minute: announced values whose time has come take effect, drift is looked for, due runs are
 * enqueued.
 */
export async function tick(deps: SchedulerDeps, start = false): Promise<void> {
  await obeyTheClock(deps)
  const due = await dueRuns(deps, start)
  const { startSpreadSeconds = SPREAD_SECONDS } = deps
  for (const [index, one] of due.entries()) {
    const delaySeconds = start ? (index * startSpreadSeconds) / due.length : 0
    await enqueue(deps.db, RUN, one, { key: `${one.kind} ${one.control}`, delaySeconds, triesMax: 3 })
  }
}

async function obeyTheClock(deps: SchedulerDeps): Promise<void> {
  await bringIntoForce(deps)
  await recordDrift(deps, await findDrift(deps))
}

async function bringIntoForce(deps: SchedulerDeps): Promise<void> {
  await deps.db.transaction().execute(async (tx) => {
    const effective = await promoteInForce(tx, deps.clock.now())
    for (const { parameter, text, version } of effective)
      await deps.audit.record(tx, {
        type: 'policy.value-effective',
        tenant: null,
        actor: { kind: 'system', id: 'policy' },
        target: { kind: 'parameter', id: parameter },
        outcome: 'success',
        details: { text, version },
        request: null,
      })
    if (effective.length > 0) await notify(tx, 'policy_changed')
  })
}

/** The jobs of the policy: the tick of every minute, and single runs of controls. */
export function policyJobs(deps: SchedulerDeps): readonly Job[] {
  // While the runs of a start wait for their turn, what they are due for must not bring them forward.
  let spreadUntil = new Date(0)
  const minute = async (start: boolean): Promise<void> => {
    const now = deps.clock.now()
    if (start) spreadUntil = secondsAfter(now, deps.startSpreadSeconds ?? SPREAD_SECONDS)
    if (start || now >= spreadUntil) await tick(deps, start)
    else await obeyTheClock(deps)
  }
  return [
    {
      name: TICK,
      cron: '* * * * *',
      permission: 'system',
      event: { none: 'what it finds leaves events of its own' },
      triesMax: 1,
      run: (payload) => minute(tickPayload.parse(payload).start === true),
    },
    {
      name: RUN,
      permission: 'system',
      event: 'policy.observed',
      triesMax: 3,
      run: async (payload) => void (await runDue(deps, runPayload.parse(payload))),
    },
  ]
}

/** Makes every control run within the first minute after a start. */
export async function runAllSoon(db: Database): Promise<void> {
  await enqueue(db, TICK, { start: true }, { key: 'policy start', triesMax: 3 })
}
