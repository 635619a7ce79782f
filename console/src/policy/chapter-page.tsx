import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { policyQuery } from '../queries.ts'
import { ProblemNotice } from '../ui/notice.tsx'
import { Empty, Loading, PageBody, PageHead } from '../ui/page.tsx'
import { ClauseList, StatusCounts } from './clause-list.tsx'
import { countsOf } from './counts.ts'

const route = getRouteApi('/signed-in/policy/chapter/$id')

/** A chapter as it is published, every sentence with its status. */
export function ChapterPage(): ReactNode {
  const { id } = route.useParams()
  const { data, error, refetch } = useQuery(policyQuery)
  if (data === undefined)
    return (
      <PageBody>
        <PageHead title={`Chapter ${id}`} />
        {error === null ? (
          <Loading what="the chapter" />
        ) : (
          <ProblemNotice
            error={error}
            retry={() => {
              void refetch()
            }}
          />
        )}
      </PageBody>
    )
  const chapter = data.chapters.find((one) => one.number === id)
  const clauses = data.clauses.filter((clause) => clause.chapter === id)
  return (
    <PageBody>
      <PageHead title={chapter === undefined ? `Chapter ${id}` : `${chapter.number} ${chapter.title}`} />
      {chapter === undefined ? (
        <Empty title="The policy has no such chapter">
          <Link to="/policy" className="text-accent underline">
            See the chapters that there are
          </Link>
        </Empty>
      ) : (
        <>
          <StatusCounts counts={countsOf(clauses)} />
          <ClauseList clauses={clauses} label="Clauses in the order of the text" indented />
        </>
      )}
    </PageBody>
  )
}
