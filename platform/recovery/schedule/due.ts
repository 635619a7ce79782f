import { secondsBetween } from '../../kernel/clock.ts'

/** A backup that is whole, as far as the schedule needs to know it. */
export interface MadeBackup {
  readonly kind: 'full' | 'incremental'
  readonly name: string
  readonly startedAt: Date
}

/** What is to be made next. */
export type Due =
  | { readonly kind: 'full' }
  | { readonly kind: 'incremental'; readonly parent: string }
  | { readonly kind: 'none'; readonly nextAt: Date }

/** A backup is begun this long before the newest one reaches its age, so that it is there in time: a twentieth, 15 minutes at most. */
const AHEAD_PART = 0.05
const AHEAD_SECONDS_MAX = 900

function ahead(limit: number): number {
  return limit - Math.min(limit * AHEAD_PART, AHEAD_SECONDS_MAX)
}

/** Names of backups carry seconds, so two are never begun in the same one. */
const APART_SECONDS = 2

/**
 * What is due. `made` is the newest first. A full backup when the newest full one has nearly its age, and when nothing can be
 * added to it; an incremental one when the newest of any kind has nearly its age. Policy 6.1-a, 6.1-b.
 */
export function dueBackup(of: {
  readonly made: readonly MadeBackup[]
  readonly now: Date
  /** Policy 6.1-a, in seconds. */
  readonly interval: number
  /** Policy 6.1-b, in seconds. */
  readonly increment: number
  readonly incrementals: boolean
  /** Whether something can be added to this backup: its file list is on this machine. */
  readonly canFollow: (name: string) => boolean
}): Due {
  const full = of.made.find(({ kind }) => kind === 'full')
  const [newest] = of.made
  if (full === undefined || newest === undefined) return { kind: 'full' }
  const after = (from: Date, seconds: number): Date => new Date(from.getTime() + seconds * 1000)
  const fullAt = after(full.startedAt, ahead(of.interval))
  if (of.now >= fullAt) return { kind: 'full' }
  if (!of.incrementals) return { kind: 'none', nextAt: fullAt }
  const incrementAt = after(newest.startedAt, Math.max(APART_SECONDS, ahead(of.increment)))
  if (of.now < incrementAt) return { kind: 'none', nextAt: incrementAt < fullAt ? incrementAt : fullAt }
  return of.canFollow(newest.name) ? { kind: 'incremental', parent: newest.name } : { kind: 'full' }
}

/** Bytes in a second, and seconds that are left at that rate; null where nobody can know. */
export function rateOf(run: {
  readonly startedAt: Date
  readonly heardAt: Date
  readonly doneBytes: number
  readonly totalBytes: number | null
}): { readonly bytesPerSecond: number | null; readonly secondsLeft: number | null } {
  const seconds = secondsBetween(run.startedAt, run.heardAt)
  if (seconds <= 0 || run.doneBytes === 0) return { bytesPerSecond: null, secondsLeft: null }
  const bytesPerSecond = run.doneBytes / seconds
  const left = run.totalBytes === null ? null : Math.max(0, run.totalBytes - run.doneBytes) / bytesPerSecond
  return { bytesPerSecond: Math.round(bytesPerSecond), secondsLeft: left === null ? null : Math.ceil(left) }
}
