import type { ReactNode } from 'react'
import { span } from '../ui/moment.tsx'

/** How far long work has come: a bar where the whole is known, and words for everybody. */
export function Progress({
  label,
  done,
  total,
  says,
  secondsLeft,
}: {
  /** What is under way, such as “Backup”. */
  readonly label: string
  readonly done: number
  /** Null while nobody knows. */
  readonly total: number | null
  /** Amount and rate, in words. */
  readonly says: string
  readonly secondsLeft: number | null
}): ReactNode {
  const share = total === null || total === 0 ? null : Math.min(100, Math.floor((done / total) * 100))
  return (
    <div className="flex flex-col gap-1">
      {share !== null && (
        <progress aria-label={label} max={100} value={share} className="h-2 w-full accent-accent" />
      )}
      <p className="text-sm text-muted">
        {share !== null && `${share} % · `}
        {says}
        {secondsLeft !== null && ` · ${span(secondsLeft)} left`}
      </p>
    </div>
  )
}
