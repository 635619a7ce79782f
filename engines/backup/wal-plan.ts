import { RepositoryError } from './model.ts'
import { repositoryPaths } from './paths.ts'
import type { WalIndex, WalPiece, WalPlan, WalSegment, WalTail } from './wal-model.ts'
import { formatLsn, parseLsn, parseSegmentName, segmentName, type TimelineBranch } from './wal-names.ts'

/** What of the log a recovery needs: from where, at least up to where, and no further than `untilLsn` if that is known. */
export interface WalRequest {
  readonly system: string
  readonly index: WalIndex
  /** The ancestors of each timeline that has a history file. */
  readonly histories: ReadonlyMap<number, readonly TimelineBranch[]>
  readonly timeline: number
  readonly startLsn: string
  readonly endLsn: string
  /** Further than `endLsn`: what is known to have been acknowledged. */
  readonly atLeastLsn?: string
  readonly untilLsn: string | null
  readonly segmentBytes: number
}

type Planned = WalPlan['segments'][number]

/** The log in order; throws `broken-chain` with the path of the first object that is not there although it must be. */
export function planWal(request: WalRequest): WalPlan {
  requireHistories(request)
  const { segmentBytes } = request
  const size = BigInt(segmentBytes)
  const route = routeOf(request)
  const shelf = shelfOf(request.index)
  const enough = farthest(request)
  const until = request.untilLsn === null ? null : parseLsn(request.untilLsn)
  const segments: Planned[] = []
  let storedAt: Date | null = null
  let number = parseLsn(request.startLsn) / size
  let reachesTo = number * size
  for (;;) {
    if (until !== null && reachesTo >= until) break
    const found = findSegment(request, shelf, route, number)
    if (found === null) break
    segments.push(found.segment)
    if (storedAt === null || found.storedAt > storedAt) storedAt = found.storedAt
    reachesTo = number * size + BigInt(found.segment.bytes)
    if (found.segment.bytes < segmentBytes) break
    number += 1n
  }
  if (reachesTo < enough || laterThan(request, route, number)) throw gap(request, shelf, route, number)
  return {
    segmentBytes,
    timeline: route.timeline,
    segments,
    histories: request.index.histories.filter((timeline) => route.names.includes(timeline)),
    reachesTo: formatLsn(reachesTo),
    storedAt,
  }
}

function farthest({ endLsn, atLeastLsn, untilLsn }: WalRequest): bigint {
  const wanted = [parseLsn(endLsn)]
  // What lies after a moment in the past is of no use for it.
  if (atLeastLsn !== undefined && untilLsn === null) wanted.push(parseLsn(atLeastLsn))
  return wanted.reduce((a, b) => (a > b ? a : b))
}

interface Route {
  readonly timeline: number
  readonly branches: readonly TimelineBranch[]
  readonly names: readonly number[]
}

/** The newest timeline that descends from the backup's own, at or after the backup's end. */
function routeOf({ histories, timeline, endLsn }: WalRequest): Route {
  const descends = (branches: readonly TimelineBranch[]): boolean =>
    branches.some((branch) => branch.timeline === timeline && branch.until >= parseLsn(endLsn))
  const newest = [...histories]
    .filter(([, branches]) => descends(branches))
    .toSorted(([a], [b]) => b - a)
    .at(0)
  const [followed, branches] = newest ?? [timeline, histories.get(timeline) ?? []]
  return {
    timeline: followed,
    branches,
    names: [...branches.map((branch) => branch.timeline), followed],
  }
}

/** The timelines on which a segment may lie, newest first: the one that ends inside of it, and the one that begins there. */
function timelinesOf(route: Route, number: bigint, size: bigint): number[] {
  const [from, to] = [number * size, (number + 1n) * size]
  const all = [...route.branches, { timeline: route.timeline, until: null }]
  return all
    .filter(({ until }, at) => {
      const begins = at === 0 ? 0n : (all[at - 1]?.until ?? 0n)
      return begins < to && (until === null || until > from)
    })
    .map(({ timeline }) => timeline)
    .toReversed()
}

interface Shelf {
  readonly segments: ReadonlyMap<string, WalSegment>
  readonly tails: ReadonlyMap<string, readonly WalTail[]>
}

function shelfOf(index: WalIndex): Shelf {
  return {
    segments: new Map(index.segments.map((segment) => [segment.segment, segment])),
    tails: Map.groupBy(index.tails, (tail) => tail.segment),
  }
}

function findSegment(
  request: WalRequest,
  shelf: Shelf,
  route: Route,
  number: bigint,
): { readonly segment: Planned; readonly storedAt: Date } | null {
  const { segmentBytes } = request
  for (const timeline of timelinesOf(route, number, BigInt(segmentBytes))) {
    const name = segmentName(timeline, number, segmentBytes)
    const whole = shelf.segments.get(name)
    if (whole !== undefined) {
      const pieces = [{ path: whole.path, from: 0, to: segmentBytes }]
      return { segment: { timeline, segment: name, pieces, bytes: segmentBytes }, storedAt: whole.storedAt }
    }
    const { pieces, bytes, storedAt } = joinTails(shelf.tails.get(name) ?? [])
    if (storedAt !== null) return { segment: { timeline, segment: name, pieces, bytes }, storedAt }
  }
  return null
}

/** The pieces that cover a segment from its first byte, each from where the one before ends. */
function joinTails(tails: readonly WalTail[]): {
  readonly pieces: readonly WalPiece[]
  readonly bytes: number
  readonly storedAt: Date | null
} {
  const pieces: WalPiece[] = []
  let storedAt: Date | null = null
  let bytes = 0
  // A quiet server leaves thousands of pieces in a segment: each is looked at once, in the order in which they begin.
  const ordered = tails.toSorted((a, b) => a.from - b.from)
  let [at, next] = [0, undefined as WalTail | undefined]
  for (;;) {
    for (; at < ordered.length && (ordered[at]?.from ?? 0) <= bytes; at += 1) {
      const tail = ordered[at]
      if (tail !== undefined && tail.to > (next?.to ?? 0)) next = tail
    }
    if (next === undefined || next.to <= bytes) return { pieces, bytes, storedAt }
    pieces.push({ path: next.path, from: bytes, to: next.to })
    bytes = next.to
    if (storedAt === null || next.storedAt > storedAt) storedAt = next.storedAt
  }
}

/** Whether the route goes on somewhere after the segment at which the log ends for us, or after a hole inside of it. */
function laterThan(request: WalRequest, route: Route, number: bigint): boolean {
  const { index, segmentBytes } = request
  if (request.untilLsn !== null && number * BigInt(segmentBytes) >= parseLsn(request.untilLsn)) return false
  const onRoute = (one: WalSegment): bigint | null => {
    const named = parseSegmentName(one.segment, segmentBytes)
    if (named === null || !timelinesOf(route, named.number, BigInt(segmentBytes)).includes(named.timeline))
      return null
    return named.number
  }
  const after = (one: WalSegment): boolean => (onRoute(one) ?? -1n) > number
  if (index.segments.some(after) || index.tails.some(after)) return true
  const here = index.tails.filter((tail) => onRoute(tail) === number)
  const covered = [...Map.groupBy(here, (tail) => tail.segment).values()]
  return covered.some((tails) => {
    const { bytes } = joinTails(tails)
    return tails.some(({ to }) => to > bytes)
  })
}

/** What is missing, by its name: a piece of a segment of which others are there, or a segment. */
function gap(request: WalRequest, shelf: Shelf, route: Route, number: bigint): RepositoryError {
  const { segmentBytes } = request
  const paths = repositoryPaths(request.system)
  const timelines = timelinesOf(route, number, BigInt(segmentBytes))
  for (const timeline of timelines) {
    const name = segmentName(timeline, number, segmentBytes)
    const tails = shelf.tails.get(name) ?? []
    if (tails.length === 0) continue
    const { bytes } = joinTails(tails)
    const next = tails.map(({ from }) => from).filter((from) => from > bytes)
    return new RepositoryError('broken-chain', paths.tail(name, bytes, Math.min(segmentBytes, ...next)))
  }
  const timeline = timelines.at(-1) ?? route.timeline
  return new RepositoryError('broken-chain', paths.segment(segmentName(timeline, number, segmentBytes)))
}

/** A timeline after the backup's own whose history is gone could not be followed, and its log would be left out unseen. */
function requireHistories({ system, index, histories, timeline }: WalRequest): void {
  for (const one of [...index.segments, ...index.tails])
    if (one.timeline > timeline && !histories.has(one.timeline))
      throw new RepositoryError('broken-chain', repositoryPaths(system).history(one.timeline))
}
