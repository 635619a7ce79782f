import type { Exclusion, RuleSet } from '#waf'
import { ATTACKS } from './corpus.ts'
import { variantOf, type Effective } from './effective.ts'
import type { Steps } from './in-steps.ts'
import { judge, ofSample, type ReplayRequest } from './replay.ts'

/** What an exclusion would do to one request. */
export interface Tried {
  readonly id: string
  readonly before: 'blocked' | 'passes'
  readonly after: 'blocked' | 'passes'
  readonly scoreBefore: number
  readonly scoreAfter: number
  /** Rules that would not match any more. */
  readonly gone: readonly number[]
}

/** What an exclusion would do. */
export interface DryRun {
  /** Requests that could be judged again as they were judged then; the others say nothing. */
  readonly judged: number
  readonly notRepeatable: number
  readonly letThrough: readonly Tried[]
  readonly stillBlocked: readonly Tried[]
  /** Attacks of the corpus that this exclusion would let through at the same place. */
  readonly attacksLetThrough: readonly string[]
  readonly attacks: number
}

/** The rules for requests at one place: as they are, and with more left out. */
export interface Place {
  readonly path: string
  readonly base: RuleSet
  readonly effective: Effective
}

/** Judges requests with and without the exclusion, and the attacks of the corpus at the same path; a step is one request. */
export function* dryRun(
  place: Place,
  exclusions: readonly Exclusion[],
  requests: readonly ReplayRequest[],
  now: Date,
): Steps<DryRun> {
  const [before, after] = [withMore(place, []), withMore(place, exclusions)]
  const tried: Tried[] = []
  for (const request of requests) {
    tried.push(tryOne(before, after, request, now))
    yield
  }
  const repeatable = tried.filter((one, index) => {
    const was = requests[index]?.was
    return was === null || was === undefined || (was === 'noticed') === (one.before === 'passes')
  })
  const attacks = ATTACKS.map((sample) => ofSample(sample, place.path))
  const through: ReplayRequest[] = []
  for (const attack of attacks) {
    if (judge(before, attack, now).blocked && !judge(after, attack, now).blocked) through.push(attack)
    yield
  }
  return {
    judged: repeatable.length,
    notRepeatable: tried.length - repeatable.length,
    letThrough: repeatable.filter((one) => one.before === 'blocked' && one.after === 'passes'),
    stillBlocked: repeatable.filter((one) => one.after === 'blocked'),
    attacksLetThrough: through.map(({ id }) => id),
    attacks: attacks.length,
  }
}

/** The rules of a place with more left out. */
export function withMore({ base, effective }: Place, more: readonly Exclusion[]): RuleSet {
  const options = variantOf(effective)
  return base.variant({ ...options, exclusions: [...(options.exclusions ?? []), ...more] })
}

function tryOne(before: RuleSet, after: RuleSet, request: ReplayRequest, now: Date): Tried {
  const [one, two] = [judge(before, request, now), judge(after, request, now)]
  const left = new Set(two.matches.map(({ rule }) => rule))
  return {
    id: request.id,
    before: one.blocked ? 'blocked' : 'passes',
    after: two.blocked ? 'blocked' : 'passes',
    scoreBefore: one.score,
    scoreAfter: two.score,
    gone: [...new Set(one.matches.map(({ rule }) => rule))].filter((rule) => !left.has(rule)),
  }
}
