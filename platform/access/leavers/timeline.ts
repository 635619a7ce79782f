import { DAY, secondsAfter, secondsBetween } from '../../kernel/clock.ts'
import { z } from '../../kernel/schema.ts'
import type { Departure, DepartureStep, LeaverReason } from './departure.ts'
import { openFace } from '../accounts/accounts.ts'
import { leaverDelay } from '../parameters.ts'
import type { AccessParts } from '../parts.ts'
import { listLeavers, secondsOfLeavers, stepsOf, troubledLeavers, type leaverById } from './queries.ts'

type LeaverRow = NonNullable<Awaited<ReturnType<typeof leaverById>>>
type StepRow = Awaited<ReturnType<typeof stepsOf>>[number]

const trialsSchema = z.array(z.object({ id: z.string(), refused: z.boolean(), saw: z.string() }))

/** A departure as it is told, with seconds after the news for each of its steps. */
export function departureOf(leaver: LeaverRow, steps: readonly StepRow[]): Departure {
  const after = (at: Date): number => secondsBetween(leaver.told_at, at)
  return {
    id: leaver.id,
    account: leaver.account_id,
    workspace: leaver.workspace_id,
    everywhere: leaver.everywhere,
    reason: leaver.reason as LeaverReason,
    toldAt: leaver.told_at.toISOString(),
    deniedAfterSeconds: after(leaver.denied_at),
    finishedAfterSeconds: leaver.finished_at === null ? null : after(leaver.finished_at),
    ownerless: leaver.ownerless,
    stillLive: leaver.still_live,
    steps: steps.filter((one) => one.leaver_id === leaver.id).map((one) => stepOf(one, after)),
  }
}

function stepOf(step: StepRow, after: (at: Date) => number): DepartureStep {
  const trials = trialsSchema.parse(step.trials ?? [])
  return {
    kind: step.kind,
    ended: step.ended.length,
    refused: trials.filter((one) => one.refused).length,
    endedAfterSeconds: after(step.ended_at),
    triedAfterSeconds: step.tried_at === null ? null : after(step.tried_at),
    trials,
  }
}

/** A departure with the person's name. */
export type LeaverFace = Departure & { readonly name: string; readonly email: string }

/** How quickly those who left lost everything. */
export interface LeaverReport {
  readonly days: number
  readonly departures: number
  readonly medianSeconds: number | null
  readonly maxSeconds: number | null
  /** Departures after which something still worked. */
  readonly stillLive: number
  readonly underWay: number
  /** The limit that the policy sets. */
  readonly limitSeconds: number
}

const SHOWN_MAX = 200
const REPORT_DAYS = 90

/** Departures from a workspace, or (null) all, of the last 90 days, newest first. */
export async function listDepartures(
  parts: Pick<AccessParts, 'db' | 'clock' | 'keys'>,
  workspace: string | null,
): Promise<LeaverFace[]> {
  const since = secondsAfter(parts.clock.now(), -REPORT_DAYS * DAY)
  const rows = await listLeavers(parts.db, workspace, since, SHOWN_MAX)
  const ids = rows.map((row) => row.id)
  const steps = ids.length === 0 ? [] : await stepsOf(parts.db, ids)
  return Promise.all(
    rows.map(async ({ email, display_name, ...row }) => {
      const face = await openFace(parts, { id: row.account_id, email, display_name })
      return { ...departureOf(row, steps), name: face.name, email: face.email }
    }),
  )
}

/** Median and longest time from the news to the proof in the last 90 days. Policy 3.2-c. */
export async function reportDepartures(
  { db, clock, policy }: Pick<AccessParts, 'db' | 'clock' | 'policy'>,
  workspace: string | null,
): Promise<LeaverReport> {
  const since = secondsAfter(clock.now(), -REPORT_DAYS * DAY)
  const seconds = (await secondsOfLeavers(db, workspace, since)).toSorted((a, b) => a - b)
  const { live, open } = await troubledLeavers(db, workspace, since)
  return {
    days: REPORT_DAYS,
    departures: seconds.length,
    medianSeconds: seconds[Math.floor((seconds.length - 1) / 2)] ?? null,
    maxSeconds: seconds.at(-1) ?? null,
    stillLive: live,
    underWay: open,
    limitSeconds: policy.read(leaverDelay),
  }
}
