import { parseLsn, parseSegmentName, type BackupManifest, type FoundBackup, type WalIndex } from '#backup'

/** A backup as the calendar shows it. */
export interface CalendarBackup {
  readonly name: string
  readonly kind: BackupManifest['kind']
  readonly startedAt: string
  readonly finishedAt: string
  /** As it lies there, compressed and sealed. */
  readonly bytes: number
  /** What comes back from it. */
  readonly plainBytes: number
  readonly regions: readonly string[]
}

/** One day of UTC, as `2026-01-31`. */
export interface CalendarDay {
  readonly day: string
  /** The newest first. */
  readonly backups: readonly CalendarBackup[]
  /** Parts of the log that were written on this day, as far as backups before and after it tell, and are not there. */
  readonly missing: number
}

/** What the repository holds, by days. */
export interface Calendar {
  /** From today back to the first backup, without a day left out. */
  readonly days: readonly CalendarDay[]
  /** From the full backup to the newest. */
  readonly chain: readonly CalendarBackup[]
  /** Segments of the log that were looked for between the first backup and the newest segment. */
  readonly segments: number
  readonly firstAt: string | null
}

const DAY_MS = 86_400_000

/** Puts what the repository holds into days, today first. */
export function calendarOf(
  backups: readonly FoundBackup[],
  wal: WalIndex,
  now: Date,
  segmentBytes: number,
): Calendar {
  const ordered = backups.toSorted((a, b) => (a.manifest.name < b.manifest.name ? -1 : 1))
  const [first] = ordered
  if (first === undefined) return { days: [], chain: [], segments: 0, firstAt: null }
  const spans = logSpans(ordered, wal, now, segmentBytes)
  const byDay = Map.groupBy(ordered.toReversed().map(shown), ({ startedAt }) => dayOf(new Date(startedAt)))
  const days: CalendarDay[] = []
  const firstDay = startOfDay(new Date(first.manifest.startedAt))
  for (let at = startOfDay(now); at >= firstDay; at -= DAY_MS) {
    const within = spans.filter(({ from, to }) => from < at + DAY_MS && to >= at)
    const day = dayOf(new Date(at))
    days.push({
      day,
      backups: byDay.get(day) ?? [],
      missing: new Set(within.flatMap(({ missing }) => missing)).size,
    })
  }
  return {
    days,
    chain: chainOf(ordered),
    segments: new Set(spans.flatMap(({ segments }) => segments)).size,
    firstAt: first.manifest.startedAt,
  }
}

function startOfDay(at: Date): number {
  return Math.floor(at.getTime() / DAY_MS) * DAY_MS
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}

function shown({ manifest, regions }: FoundBackup): CalendarBackup {
  const { name, kind, startedAt, finishedAt } = manifest
  const objects = [...manifest.archives.flatMap((archive) => archive.objects), manifest.databaseManifest]
  return {
    name,
    kind,
    startedAt,
    finishedAt,
    bytes: objects.reduce((sum, one) => sum + one.bytes, 0),
    plainBytes: objects.reduce((sum, one) => sum + one.plainBytes, 0),
    regions,
  }
}

function chainOf(ordered: readonly FoundBackup[]): CalendarBackup[] {
  const byName = new Map(ordered.map((one) => [one.manifest.name, one]))
  const chain: CalendarBackup[] = []
  for (let one = ordered.at(-1); one !== undefined && chain.length < ordered.length;) {
    chain.unshift(shown(one))
    one = one.manifest.parent === null ? undefined : byName.get(one.manifest.parent)
  }
  return chain
}

/** The log between two backups, or after the newest one. */
interface LogSpan {
  readonly from: number
  readonly to: number
  /** Numbers of the segments that belong to it, and of those the ones that are not there. */
  readonly segments: readonly bigint[]
  readonly missing: readonly bigint[]
}

function logSpans(
  ordered: readonly FoundBackup[],
  { segments, tails }: WalIndex,
  now: Date,
  segmentBytes: number,
): LogSpan[] {
  const held = [...segments, ...tails].flatMap(({ segment }) => {
    const parsed = parseSegmentName(segment, segmentBytes)
    return parsed === null ? [] : [parsed]
  })
  // After a change of the server a segment may lie under either timeline, or under both.
  const numbers = new Set(held.map(({ number }) => number))
  const newest = held.reduce((most, { number }) => (number > most ? number : most), -1n)
  return ordered.map(({ manifest }, at): LogSpan => {
    const next = ordered[at + 1]?.manifest
    const begins = parseLsn(manifest.startLsn) / BigInt(segmentBytes)
    const ends = next === undefined ? newest : parseLsn(next.startLsn) / BigInt(segmentBytes)
    const wanted = Array.from(
      { length: Math.max(0, Number(ends - begins) + 1) },
      (_, one) => begins + BigInt(one),
    )
    return {
      from: Date.parse(manifest.startedAt),
      to: next === undefined ? now.getTime() : Date.parse(next.startedAt),
      segments: wanted,
      missing: wanted.filter((number) => !numbers.has(number)),
    }
  })
}
