import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { ProblemNotice } from '../ui/notice.tsx'
import { Empty, Loading, PageBody, PageHead } from '../ui/page.tsx'
import { Findings } from './findings.tsx'

/** What the text of the policy gets wrong: against itself, law, standards and provider documents. */
export function FindingsPage(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['policy', 'lint'],
    queryFn: ({ signal }) => call('GET /api/policy/lint', {}, { signal }),
  })
  return (
    <PageBody narrow>
      <PageHead
        title="Policy findings"
        lead="Sentences that contradict each other, a law, a standard or a provider’s document."
      />
      {error !== null && (
        <ProblemNotice
          error={error}
          retry={() => {
            void refetch()
          }}
        />
      )}
      {data === undefined && error === null && <Loading what="the findings" />}
      {data?.findings.length === 0 && (
        <Empty title="Nothing is found">
          The text holds none of the contradictions that a machine can see.
        </Empty>
      )}
      {data !== undefined && <Findings findings={data.findings} title={`${data.findings.length} found`} />}
    </PageBody>
  )
}
