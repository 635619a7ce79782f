import { formatLsn } from '#backup'
import { secondsBetween } from '../../kernel/clock.ts'
import type { RegionLag } from '../driver.ts'

/** Part of the log, up to but not with `to`. */
export interface LogSpan {
  readonly from: bigint
  readonly to: bigint
}

/** What each region holds of the log, and how far it is behind. */
export interface Coverage {
  /** The server said that its log ends here. */
  heard(end: bigint, at: Date): void
  /** The region has acknowledged this part. */
  stored(region: string, span: LogSpan): void
  lag(now: Date): readonly RegionLag[]
}

/** Where the server's log ended at a moment. */
interface Mark {
  readonly end: bigint
  at: Date
}

/** While a region is away, more marks than this are thinned out: what was long ago is known less exactly. */
const MARKS_MAX = 2000

interface Region {
  covered: bigint
  /** Parts after a gap. */
  beyond: LogSpan[]
}

/** Extends what is covered without a gap by everything that joins it. */
function join(region: Region, span: LogSpan): void {
  if (span.to <= region.covered) return
  const last = region.beyond.at(-1)
  // What follows on what is waiting already is one part with it.
  if (last !== undefined && span.from === last.to) region.beyond.pop()
  region.beyond.push({
    from: last !== undefined && span.from === last.to ? last.from : span.from,
    to: span.to,
  })
  region.beyond.sort((a, b) => (a.from < b.from ? -1 : 1))
  for (
    let next = region.beyond[0];
    next !== undefined && next.from <= region.covered;
    next = region.beyond[0]
  ) {
    if (next.to > region.covered) region.covered = next.to
    region.beyond.shift()
  }
}

/** Marks that say how long ago any place was the end of the log. */
function openMarks() {
  let marks: Mark[] = []
  return {
    add: (end: bigint, at: Date): void => {
      const last = marks.at(-1)
      if (last !== undefined && end <= last.end) {
        // Nothing was written since: what reaches there reaches to this moment.
        if (end === last.end && at > last.at) last.at = at
        return
      }
      marks.push({ end, at })
      if (marks.length > MARKS_MAX)
        marks = marks.filter((_, index) => index % 2 === 0 || index > MARKS_MAX / 2)
    },
    /** The newest moment at which the log ended no later than here. */
    before: (covered: bigint): Date | null => {
      for (let index = marks.length - 1; index >= 0; index--) {
        const mark = marks[index]
        if (mark !== undefined && mark.end <= covered) return mark.at
      }
      return null
    },
    /** What no region needs any more. */
    forget: (covered: bigint): void => {
      const first = marks.findLastIndex((mark) => mark.end <= covered)
      if (first > 0) marks = marks.slice(first)
    },
  }
}

/** A coverage of these regions, each of which holds everything up to where `begins` says; null: nothing yet. */
export function openCoverage(begins: ReadonlyMap<string, bigint | null>): Coverage {
  const regions = new Map<string, Region>()
  const known = [...begins.keys()]
  for (const [name, covered] of begins) if (covered !== null) regions.set(name, { covered, beyond: [] })
  const marks = openMarks()
  return {
    heard: marks.add,
    stored: (name, span) => {
      if (!known.includes(name)) return
      const region = regions.get(name)
      if (region === undefined) regions.set(name, { covered: span.to, beyond: [] })
      else join(region, span)
      const least = [...regions.values()].reduce(
        (min, { covered }) => (covered < min ? covered : min),
        span.to,
      )
      if (regions.size === known.length) marks.forget(least)
    },
    lag: (now) =>
      known.map((name) => {
        const region = regions.get(name)
        const recoverableTo = region === undefined ? null : marks.before(region.covered)
        return {
          region: name,
          lsn: region === undefined ? null : formatLsn(region.covered),
          recoverableTo,
          seconds: recoverableTo === null ? null : Math.max(0, secondsBetween(recoverableTo, now)),
        }
      }),
  }
}
