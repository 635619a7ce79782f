import { secondsAfter } from '../kernel/clock.ts'
import { type ClauseStatus, status } from './status-word.ts'

/** One run of a check, or of its known-bad situation. */
export interface ControlRun {
  readonly at: Date
  /** A run that threw or took too long saw nothing. */
  readonly ended: 'completed' | 'error' | 'timeout'
  readonly result: 'pass' | 'fail'
  readonly saw: string
}

/** The newest observations of a control. */
export interface ControlFacts {
  readonly id: string
  /** How long an observation counts, in seconds; never more than 24 hours. */
  readonly freshSeconds: number
  readonly check: ControlRun | null
  readonly knownBad: ControlRun | null
  /** When the completed checks began to fail without a pass since; null when the last completed one passed. */
  readonly failingSince: Date | null
  /** When a value that the control reads last came into force; what was seen before says nothing about it. */
  readonly valuesChangedAt: Date | null
  /** Whether the people's part of the clause is made of decisions that the check compares with the ledger. */
  readonly seesDecisions?: boolean
}

/** How long a known-bad run counts, in seconds. */
export const knownBadFreshSeconds = 48 * 3600

const machineFreshSecondsMax = 24 * 3600
const clockSkewSecondsMax = 60

/**
 * What one control says at `now`. PROVEN takes a pass that is fresh and a known-bad run that is fresh and went red.
 * Silence turns STALE by time alone; a failure stays FAILING until a check passes, so that stopping the checks hides
 * nothing; a known-bad run that stayed green fails the control itself. An observation from the future does not count.
 */
export function controlStatus(facts: ControlFacts, now: Date): ClauseStatus {
  const check = counted(facts.check, now)
  const knownBad = counted(facts.knownBad, now)
  if (knownBad?.ended === 'completed' && knownBad.result === 'pass')
    return status('FAILING', 'The situation that must turn the check red left it green.', {
      since: knownBad.at,
    })
  if (facts.failingSince !== null || (check?.ended === 'completed' && check.result === 'fail')) {
    const saw = check?.ended === 'completed' ? check.saw : 'The last completed check failed.'
    return status('FAILING', saw, { since: facts.failingSince ?? check?.at ?? null })
  }
  if (check === null) return status('UNPROVEN', 'The check has not observed anything yet.')
  const seen = staleness(check, Math.min(facts.freshSeconds, machineFreshSecondsMax), 'check', now)
  const tried =
    knownBad === null ? null : staleness(knownBad, knownBadFreshSeconds, 'known-bad run of the check', now)
  if (facts.valuesChangedAt !== null && !(check.at >= facts.valuesChangedAt))
    return status('STALE', 'A value that the check reads has changed since it last looked.', {
      since: facts.valuesChangedAt,
      provedAt: check.at,
    })
  for (const { at, because } of [seen, ...(tried === null ? [] : [tried])])
    if (!(now < at)) return status('STALE', because, { since: at, provedAt: check.at })
  if (tried === null)
    return status('UNPROVEN', 'The check passes, but has not yet been shown to be able to fail.', {
      provedAt: check.at,
    })
  return status('PROVEN', check.saw, { provedAt: check.at, until: seen.at < tried.at ? seen.at : tried.at })
}

function counted(run: ControlRun | null, now: Date): ControlRun | null {
  return run !== null && run.at <= secondsAfter(now, clockSkewSecondsMax) ? run : null
}

/** From when on the run no longer counts, and why. */
function staleness(
  run: ControlRun,
  freshSeconds: number,
  name: string,
  now: Date,
): { readonly at: Date; readonly because: string } {
  if (run.ended !== 'completed') {
    const how = run.ended === 'timeout' ? 'did not end in time' : 'broke off with an error'
    // It never counted, also where the clock that dated it is ahead of this one.
    return { at: run.at < now ? run.at : now, because: `The last ${name} ${how} and saw nothing.` }
  }
  return { at: secondsAfter(run.at, freshSeconds), because: `The last ${name} is too old to count.` }
}
