import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { Loaded } from '../ui/loaded.tsx'
import { Empty, PageBody, PageHead } from '../ui/page.tsx'
import { Findings } from './findings.tsx'

/** What the text of the policy gets wrong: against itself, law, standards and provider documents. */
export function FindingsPage(): ReactNode {
  const findings = useQuery({
    queryKey: ['policy', 'lint'],
    queryFn: ({ signal }) => call('GET /api/policy/lint', {}, { signal }),
  })
  return (
    <PageBody narrow>
      <PageHead
        title="Policy findings"
        lead="Sentences that contradict each other, a law, a standard or a provider’s document."
      />
      <Loaded query={findings} what="the findings">
        {(data) => (
          <>
            {data.findings.length === 0 && (
              <Empty title="Nothing is found">
                The text holds none of the contradictions that a machine can see.
              </Empty>
            )}
            <Findings findings={data.findings} title={`${data.findings.length} found`} />
          </>
        )}
      </Loaded>
    </PageBody>
  )
}
