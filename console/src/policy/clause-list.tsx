import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ClauseRow } from '../contract/policy.ts'
import { Panel } from '../ui/page.tsx'
import { StatusMark } from './status-mark.tsx'

/** Clauses with sentence, status and why, each leading to its page. */
export function ClauseList({
  clauses,
  label,
  indented = false,
}: {
  readonly clauses: readonly ClauseRow[]
  readonly label: string
  readonly indented?: boolean
}): ReactNode {
  return (
    <Panel>
      <ul aria-label={label}>
        {clauses.map((clause) => (
          <li
            key={clause.id}
            className={`lazy-row border-b border-line last:border-b-0 ${indented && clause.parent !== null ? 'tablet:pl-6' : ''}`}
          >
            <Link
              to="/policy/clause/$id"
              params={{ id: clause.id }}
              className="flex flex-col gap-1 px-4 py-3 hover:bg-sunk tablet:flex-row tablet:gap-4"
            >
              <span className="w-16 shrink-0 font-strong">{clause.id}</span>
              <span className="min-w-0 flex-1">
                <span className="block">{clause.sentence}</span>
                {clause.status.word !== 'PROVEN' && clause.status.because !== '' && (
                  <span className="block text-sm text-muted">{clause.status.because}</span>
                )}
              </span>
              <span className="shrink-0 tablet:w-56">
                <StatusMark status={clause.status} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

/** How many clauses stand at each status: counts by kind, never one score. */
export function StatusCounts({
  counts,
}: {
  readonly counts: readonly { readonly word: ClauseRow['status']['word']; readonly count: number }[]
}): ReactNode {
  return (
    <ul aria-label="Clauses by status" className="flex flex-wrap gap-2">
      {counts.map(({ word, count }) => (
        <li
          key={word}
          className="flex items-center gap-2 rounded-large border border-line bg-panel px-3 py-2"
        >
          <StatusMark
            status={{ word, since: null, until: null, provedAt: null, provider: null, because: '' }}
          />
          <span className="text-lg font-strong">{count}</span>
        </li>
      ))}
    </ul>
  )
}
