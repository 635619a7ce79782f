import { DAY, secondsBetween } from '../../kernel/clock.ts'
import type { Observation } from '../../kernel/control.ts'
import { observed } from '../../kernel/observed.ts'
import { behindSeconds, followingFaults, machinesSeen, placeFaults } from '../../kernel/server-pair.ts'
import { lostSecondsMax, type Sites } from './changes.ts'
import type { ChangeRow, Follower } from './queries.ts'

/** The second database as it was seen, and what it is held to. */
export interface StandbySeen {
  readonly sites: Sites | null
  /** The embedded standby as its primary sees it. */
  readonly follower: Follower | null
  /** The newest changes, the last one first. */
  readonly changes: readonly ChangeRow[]
  /** How much may be lost, and how often a change is rehearsed between two servers, in seconds. Policy 6.2-b, 6.2-c. */
  readonly limits: { readonly lossSeconds: number; readonly testSeconds: number }
  readonly now: Date
}

/** An embedded standby further behind than this would lose too much. */
export const BEHIND_SECONDS_MAX = 60
/** Between two embedded servers a change costs nothing, and is exercised once a month. */
const EXERCISE_SECONDS_MAX = 31 * DAY
/** From the loss of the primary to the first write of the application. */
export const CHANGE_SECONDS_MAX = 60

function behindOf({ sites, follower }: StandbySeen): number | null {
  return sites?.pair === undefined ? (follower?.seconds ?? null) : behindSeconds(sites.pair)
}

function standbyFaults(seen: StandbySeen): string[] {
  const { sites, follower, limits } = seen
  if (sites === null) return ['there is no second database that could take over']
  const behind = behindOf(seen)
  const late = `the standby is ${Math.round(behind ?? 0)} s behind`
  if (sites.pair !== undefined) {
    const found = followingFaults(sites.pair)
    if (found.length > 0) return found
    if (behind === null) return ['no heartbeat tells how far the standby is behind']
    return behind > limits.lossSeconds ? [`${late}, and ${limits.lossSeconds} s may be lost`] : []
  }
  if (sites.standby !== 'ready') return [`the standby is not ready: ${sites.why ?? 'it is being made'}`]
  if (follower?.streaming !== true) return ['the standby does not receive the log']
  return (behind ?? 0) > BEHIND_SECONDS_MAX ? [late] : []
}

/** The last change that rehearsed what would be needed: one between these two places, which we made. */
function rehearsed({ sites, changes }: StandbySeen): ChangeRow | null {
  if (sites?.pair === undefined) return changes.find(({ timeline }) => timeline === null) ?? null
  const { a, b } = sites.pair.regions
  const between = (one: ChangeRow): boolean =>
    (one.from_region === a && one.to_region === b) || (one.from_region === b && one.to_region === a)
  return changes.find((one) => one.fenced_by !== 'somebody-else' && between(one)) ?? null
}

function changeFaults(seen: StandbySeen): string[] {
  const last = rehearsed(seen)
  const between = seen.sites?.pair === undefined ? 'to the standby' : 'between these two regions'
  if (last === null) return [`no change ${between} was ever made`]
  const seconds = seen.sites?.pair === undefined ? EXERCISE_SECONDS_MAX : seen.limits.testSeconds
  const age = secondsBetween(last.promoted_at, seen.now)
  const took = Math.round(secondsBetween(last.began_at, last.written_at))
  const lost = lostSecondsMax(last)
  return [
    ...(age > seconds ? [`the last change ${between} is ${Math.floor(age / DAY)} days ago`] : []),
    ...(took > CHANGE_SECONDS_MAX ? [`the last change took ${took} s until the first write`] : []),
    ...(lost === null ? ['no heartbeat tells what the last change lost'] : []),
    ...(lost !== null && lost > seen.limits.lossSeconds
      ? [`the last change may have lost ${Math.round(lost)} s`]
      : []),
  ]
}

/** Why these are no two places, or why a lost one could not be replaced. */
function stands(seen: StandbySeen): string[] {
  const { sites } = seen
  if (sites === null) return []
  if (sites.pair === undefined) return ['both databases are on one machine, which stands in for two regions']
  const unfenced = 'FENCE_COMMAND is not set, so a lost server could not be replaced'
  return [...placeFaults(sites.pair), ...(sites.pair.fence ? [] : [unfenced])]
}

function whatWorks(seen: StandbySeen): string {
  const behind = (behindOf(seen) ?? 0).toFixed(1)
  const last = rehearsed(seen)
  const took = last === null ? '0' : secondsBetween(last.began_at, last.written_at).toFixed(1)
  const pair = seen.sites?.pair
  const where =
    pair === undefined
      ? ''
      : `, ${pair.regions.a} and ${pair.regions.b} as the operator states, ${machinesSeen(pair).by}`
  return `a standby follows ${behind} s behind${where}, and the last change to one took ${took} s until the first write`
}

/** Whether the second database can take over, in another region, and was seen to. Policy 6.2-d. */
export function canFailOver(seen: StandbySeen): Observation {
  const { sites } = seen
  const standby = standbyFaults(seen)
  const found = sites === null ? standby : [...standby, ...changeFaults(seen)]
  const failures = [...found, ...stands(seen)]
  const works = whatWorks(seen)
  // What works is said with the failure too, so that a stand-in can be told from damage.
  const all = failures.length > 0 && found.length === 0 ? [...failures, works] : failures
  const behind = behindOf(seen)
  const last = rehearsed(seen)
  const two = sites?.pair !== undefined && placeFaults(sites.pair).length === 0
  const metrics = {
    standby: sites?.standby ?? 'none',
    ...(behind === null ? {} : { behindSeconds: Number(behind.toFixed(1)) }),
    ...(last === null
      ? {}
      : { changeSeconds: Number(secondsBetween(last.began_at, last.written_at).toFixed(1)) }),
    regions: two ? 2 : 1,
  }
  return observed(all, works, metrics, { count: sites === null ? 1 : 2, coverage: 1, of: 'databases' })
}
