import type { Exclusion, RuleSet } from '#waf'
import { dryRun, withMore, type DryRun, type Place } from './dry-run.ts'
import type { Steps } from './in-steps.ts'
import { judge, type ReplayRequest } from './replay.ts'

/** One rule without one target. */
export interface ProposedExclusion {
  readonly rule: number
  /** What the rule says. */
  readonly message: string
  /** `ARGS:text`. */
  readonly target: string
}

/** The fewest exclusions that let the chosen requests pass, and the proof. */
export interface Proposal {
  readonly exclusions: readonly ProposedExclusion[]
  /** Requests that no exclusion of this kind lets pass. */
  readonly notSolved: readonly string[]
  readonly proof: DryRun
}

/** Rounds after which a request that is still refused counts as not solved. */
const ROUNDS_MAX = 20

/**
 * Finds rule and target pairs without which the requests pass: leaves out what matches until nothing refuses them, then
 * puts back each that was not needed. Every step is judged by the engine, none by guessing.
 */
export function* propose(place: Place, requests: readonly ReplayRequest[], now: Date): Steps<Proposal> {
  const found = new Map<string, ProposedExclusion>()
  for (const request of requests) yield* collect(place, request, found, now)
  const solved = requests.filter((request) => !refuses(place, [...found.values()], request, now))
  // A copy: what is put back would be visited again.
  for (const [key, one] of found.entries().toArray()) {
    found.delete(key)
    const still = solved.some((request) => refuses(place, [...found.values()], request, now))
    if (still) found.set(key, one)
    yield
  }
  const exclusions = [...found.values()].toSorted((a, b) => a.rule - b.rule)
  return {
    exclusions,
    notSolved: requests.filter((request) => !solved.includes(request)).map(({ id }) => id),
    proof: yield* dryRun(place, exclusions.map(asExclusion), requests, now),
  }
}

/** The same as the engine takes it. */
export function asExclusion({ rule, target }: ProposedExclusion): Exclusion {
  return { rules: [{ from: rule, to: rule }], tags: [], targets: [target] }
}

function* collect(
  place: Place,
  request: ReplayRequest,
  found: Map<string, ProposedExclusion>,
  now: Date,
): Steps<void> {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const judged = judge(rulesWith(place, [...found.values()]), request, now)
    if (!judged.blocked) return
    const before = found.size
    for (const { rule, message, variables } of judged.matches)
      for (const target of variables.map(targetOf))
        if (target !== null) found.set(`${rule} ${target}`, { rule, message, target })
    if (found.size === before) return
    yield
  }
}

function refuses(
  place: Place,
  found: readonly ProposedExclusion[],
  request: ReplayRequest,
  now: Date,
): boolean {
  return judge(rulesWith(place, found), request, now).blocked
}

function rulesWith(place: Place, found: readonly ProposedExclusion[]): RuleSet {
  return withMore(place, found.map(asExclusion))
}

/** A target for what a rule matched; counts and what the rules themselves keep cannot be one. */
function targetOf(variable: string): string | null {
  if (/^(&|TX\b|MATCHED_|UNIQUE_ID|DURATION)/.test(variable)) return null
  const [collection = '', name] = variable.split(/:(.*)/s)
  if (name === undefined || name === '') return collection
  // Names that are no plain words are written as a pattern, each sign taken literally.
  if (/^[\w.-]+$/.test(name)) return `${collection}:${name}`
  return `${collection}:/^${name.replaceAll(/[^\w]/g, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`)}$/`
}
