import { secondsBetween } from '../../kernel/clock.ts'
import { z } from '../../kernel/schema.ts'
import type { Departure, DepartureStep, LeaverReason } from './departure.ts'
import type { leaverById, stepsOf } from './queries.ts'

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
