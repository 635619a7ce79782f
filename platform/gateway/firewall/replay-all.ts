import type { RuleSet } from '#waf'
import { ATTACKS } from './corpus.ts'
import type { Floor } from './effective.ts'
import { openGeneration, type Generation, type MergedFile } from './generation.ts'
import { atOnce } from './in-steps.ts'
import { propose, type Proposal } from './propose.ts'
import { judge, ofSample, type ReplayRequest } from './replay.ts'

/** Rules and values that requests are judged by. */
export interface Judge {
  readonly base: RuleSet
  readonly file: MergedFile
  readonly floor: Floor
}

/** A request that two states of the firewall judge differently, or that both refuse. */
export interface Compared {
  readonly id: string
  readonly method: string
  readonly path: string
  /** Whether it was the request itself, or one put together from what was kept of it. */
  readonly exact: boolean
  readonly scoreBefore: number
  readonly scoreAfter: number
  /** Rules that matched, with the variables that they matched. */
  readonly rules: readonly string[]
}

/** What a change would do to recorded requests, and to the attacks of the corpus. */
export interface Replayed {
  readonly requests: number
  readonly exact: number
  /** Requests that the log says were refused and that pass now, or the other way round: too little of them was kept. */
  readonly notRepeatable: readonly string[]
  readonly refusedBefore: number
  readonly refusedAfter: number
  readonly newlyRefused: readonly Compared[]
  readonly letThrough: readonly Compared[]
  readonly stillRefused: readonly Compared[]
  readonly attacks: number
  /** Attacks that a place refuses before the change and not afterwards: `sqli-union at /upload`. */
  readonly attacksLetThrough: readonly string[]
  readonly proposals: readonly PlacedProposal[]
}

/** A proposal for one place. */
export interface PlacedProposal extends Proposal {
  readonly method: string
  readonly path: string
}

/** Places at which the corpus is tried. */
const PLACES_MAX = 50

/** Judges every request by both states; `chosen` are those that exclusions are proposed for, by the state afterwards. */
export function replayAll(
  before: Judge,
  after: Judge,
  requests: readonly ReplayRequest[],
  chosen: readonly string[],
  now: Date,
): Replayed {
  const [one, two] = [open(before, now), open(after, now)]
  const judged = requests.map((request) => {
    const [first, second] = [
      judge(rulesFor(one, request), request, now),
      judge(rulesFor(two, request), request, now),
    ]
    return { request, first, second }
  })
  const refusal = ({ request, first, second }: (typeof judged)[number]): Compared => ({
    id: request.id,
    method: request.method,
    path: pathOf(request),
    exact: request.exact,
    scoreBefore: first.score,
    scoreAfter: second.score,
    rules: (second.blocked ? second : first).matches.map(
      ({ rule, variables }) => `${rule} ${variables.join(' ')}`,
    ),
  })
  return {
    requests: requests.length,
    exact: requests.filter(({ exact }) => exact).length,
    notRepeatable: judged
      .filter(({ request, first }) => request.was !== null && (request.was === 'noticed') === first.blocked)
      .map(({ request }) => request.id),
    refusedBefore: judged.filter(({ first }) => first.blocked).length,
    refusedAfter: judged.filter(({ second }) => second.blocked).length,
    newlyRefused: judged.filter(({ first, second }) => !first.blocked && second.blocked).map(refusal),
    letThrough: judged.filter(({ first, second }) => first.blocked && !second.blocked).map(refusal),
    stillRefused: judged.filter(({ first, second }) => first.blocked && second.blocked).map(refusal),
    attacks: ATTACKS.length,
    attacksLetThrough: attacksThrough(one, two, requests, now),
    proposals: proposalsFor(
      after,
      two,
      requests.filter(({ id }) => chosen.includes(id)),
      now,
    ),
  }
}

function open({ base, file, floor }: Judge, now: Date): Generation {
  return openGeneration(base, file, floor, now)
}

function rulesFor(generation: Generation, request: ReplayRequest): RuleSet {
  return generation.whole(request.method, pathOf(request))
}

function pathOf({ target }: ReplayRequest): string {
  return target.split('?')[0] ?? '/'
}

function attacksThrough(
  one: Generation,
  two: Generation,
  requests: readonly ReplayRequest[],
  now: Date,
): readonly string[] {
  const places = [...new Set(['/', ...requests.map(pathOf)])].slice(0, PLACES_MAX)
  return places.flatMap((place) =>
    ATTACKS.filter((sample) => {
      const [first, second] = [one.whole(sample.method, place), two.whole(sample.method, place)]
      if (first === second) return false
      const attack = ofSample(sample, place)
      return judge(first, attack, now).blocked && !judge(second, attack, now).blocked
    }).map(({ id }) => `${id} at ${place}`),
  )
}

function proposalsFor(
  { base }: Judge,
  generation: Generation,
  chosen: readonly ReplayRequest[],
  now: Date,
): readonly PlacedProposal[] {
  const places = Map.groupBy(chosen, (request) => `${request.method} ${pathOf(request)}`)
  return [...places].map(([key, requests]) => {
    const [method = '', path = ''] = key.split(/ (.*)/s)
    const effective = generation.effective(method, path)
    return { method, path, ...atOnce(propose({ path, base, effective }, requests, now)) }
  })
}
