import type { ReactNode } from 'react'
import type { ClauseStatus, StatusWord } from '../contract/policy.ts'
import { clockTime, day, exact, Moment } from '../ui/moment.tsx'

const LOOK: Readonly<
  Record<StatusWord, { readonly ink: string; readonly shape: ReactNode; readonly means: string }>
> = {
  PROVEN: {
    ink: 'text-good',
    shape: (
      <>
        <circle cx="8" cy="8" r="7" fill="currentColor" />
        <path d="m4.75 8.25 2.25 2.25 4.25-4.75" className="stroke-panel" strokeWidth="1.75" fill="none" />
      </>
    ),
    means: 'a machine saw it, and the check is known to be able to fail',
  },
  FAILING: {
    ink: 'text-bad',
    shape: (
      <>
        <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor" />
        <path d="m5.5 5.5 5 5m0-5-5 5" className="stroke-panel" strokeWidth="1.75" />
      </>
    ),
    means: 'the last check saw the promise broken',
  },
  STALE: {
    ink: 'text-late',
    shape: (
      <>
        <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
        <path d="M8 4.5V8l2.25 1.5" fill="none" stroke="currentColor" strokeWidth="1.5" />
      </>
    ),
    means: 'the last proof is older than its limit',
  },
  UNPROVEN: {
    ink: 'text-muted',
    shape: (
      <circle
        cx="8"
        cy="8"
        r="6.25"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeDasharray="2.6 2.3"
      />
    ),
    means: 'nothing proves it yet',
  },
  CONTRADICTED: {
    ink: 'text-bad',
    shape: (
      <>
        <path d="M8 .8 15.2 8 8 15.2.8 8z" fill="none" stroke="currentColor" strokeWidth="1.5" />
        <path d="M5 6.75h6M5 9.25h6M9.25 4.75l-2.5 6.5" stroke="currentColor" strokeWidth="1.25" />
      </>
    ),
    means: 'two sources disagree',
  },
  EXCEPTION: {
    ink: 'text-late',
    shape: (
      <>
        <path
          d="M8 1.25 15.25 14.5H.75z"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          strokeLinejoin="round"
        />
        <path d="M8 6v4M8 12h.01" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
      </>
    ),
    means: 'an accepted exception, visible until its date',
  },
  ATTESTED: {
    ink: 'text-word',
    shape: (
      <>
        <rect
          x="1.75"
          y="1.75"
          width="12.5"
          height="12.5"
          rx="2"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
        />
        <path d="m4.75 8.25 2.25 2.25 4.25-4.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
      </>
    ),
    means: 'named people stand for it with a document',
  },
  INHERITED: {
    ink: 'text-word',
    shape: (
      <>
        <rect
          x="1.75"
          y="1.75"
          width="12.5"
          height="12.5"
          rx="2"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
        />
        <path d="M8 4.5v6m-2.5-2.25L8 10.75l2.5-2.5" fill="none" stroke="currentColor" strokeWidth="1.5" />
      </>
    ),
    means: 'a provider does it, shown by its document',
  },
}

/** Every status word, worst first: what needs somebody stands before what holds. */
export const STATUS_ORDER: readonly StatusWord[] = [
  'FAILING',
  'CONTRADICTED',
  'STALE',
  'UNPROVEN',
  'EXCEPTION',
  'INHERITED',
  'ATTESTED',
  'PROVEN',
]

/** Whether a promise counts as kept at this moment. */
export function isKept(word: StatusWord): boolean {
  return word === 'PROVEN' || word === 'ATTESTED' || word === 'INHERITED'
}

/** What a status word means, in half a sentence. */
export function meaningOf(word: StatusWord): string {
  return LOOK[word].means
}

/** The shape of a status; with `alone` it carries the word as its name. */
export function StatusShape({
  word,
  alone = false,
}: {
  readonly word: StatusWord
  readonly alone?: boolean
}): ReactNode {
  const name = alone ? ({ role: 'img', 'aria-label': word } as const) : ({ 'aria-hidden': true } as const)
  return (
    <svg viewBox="0 0 16 16" className={`mt-0.5 size-4 shrink-0 ${LOOK[word].ink}`} {...name}>
      {LOOK[word].shape}
    </svg>
  )
}

/** Word, shape and age: colour is only the third channel. */
export function StatusMark({ status }: { readonly status: ClauseStatus }): ReactNode {
  return (
    <span
      className={`inline-flex items-start gap-1.5 ${LOOK[status.word].ink}`}
      title={meaningOf(status.word)}
    >
      <StatusShape word={status.word} />
      <span className="leading-5">
        <span className="text-sm font-strong">{status.word}</span>{' '}
        <span className="text-sm text-muted">
          <Age status={status} />
        </span>
      </span>
    </span>
  )
}

function Age({ status }: { readonly status: ClauseStatus }): ReactNode {
  const { word, since, until, provedAt, provider } = status
  if (word === 'PROVEN') return provedAt === null ? null : <Moment at={provedAt} />
  if (until !== null && word !== 'STALE')
    return (
      <>
        {provider !== null && `from ${provider} `}until {day(until)}
      </>
    )
  if (since === null) return null
  return <span title={exact(since)}>since {clockTime(since)}</span>
}
