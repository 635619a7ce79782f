import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { policyQuery } from '../queries.ts'
import { Icon } from '../ui/icons.tsx'
import { worstOf } from './counts.ts'
import { StatusShape } from './status-mark.tsx'

const LINK =
  'tap flex items-center gap-2 rounded-small px-2 hover:bg-sunk data-[status=active]:bg-tint data-[status=active]:font-strong data-[status=active]:text-accent'

/** The policy's chapters, each with its worst status: the navigation of every page. */
export function ChapterLinks(): ReactNode {
  const { data, isError } = useQuery(policyQuery)
  return (
    <nav aria-label="Policy">
      <Link to="/policy" activeOptions={{ exact: true }} className={LINK}>
        <Icon name="shield" />
        Policy
      </Link>
      {isError && data === undefined && (
        <p className="px-2 text-sm text-muted">The chapters could not be loaded; the page tries again.</p>
      )}
      <ol className="flex flex-col">
        {data?.chapters.map((chapter) => (
          <li key={chapter.number}>
            <Link to="/policy/chapter/$id" params={{ id: chapter.number }} className={`${LINK} text-sm`}>
              <span className="w-5 shrink-0 text-right text-muted">{chapter.number}</span>
              <span className="min-w-0 flex-1 truncate">{chapter.title}</span>
              <StatusShape
                word={worstOf(data.clauses.filter((clause) => clause.chapter === chapter.number))}
                alone
              />
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  )
}
