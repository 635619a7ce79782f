import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { exact } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Loading, Panel, Section } from '../ui/page.tsx'

/** The result of a review, and whether its rows are still those that the ledger names. Policy 3.2-b. */
export function Report({ id }: { readonly id: string }): ReactNode {
  const { data, error } = useQuery({
    queryKey: ['review-report', id],
    queryFn: ({ signal }) => call('GET /api/access/reviews/:id/report', { params: { id } }, { signal }),
  })
  return (
    <Section title="Report">
      {error !== null && <ProblemNotice error={error} />}
      {data === undefined ? (
        error === null && <Loading what="the report" />
      ) : (
        <Panel className="flex flex-col gap-2 p-4">
          <p>
            {data.counts.items} rows: {data.counts.keep} kept, {data.counts.change} changed,{' '}
            {data.counts.revoke} revoked, {data.counts.exception} exceptions, {data.counts.open} open;{' '}
            {data.counts.automatic} decided by the deadline.
          </p>
          <p className="text-muted">
            Opened {exact(data.openedAt)}, due {exact(data.dueAt)}
            {data.closedAt !== null && `, closed ${exact(data.closedAt)}`}.
          </p>
          <p className={data.intact ? 'text-good' : 'text-bad'}>
            {data.intact
              ? 'The rows are those that were frozen when the review opened.'
              : 'The rows are not those that were frozen when the review opened.'}
          </p>
          <p className="flex flex-wrap items-center gap-2 text-sm text-muted">
            <span>
              SHA-256 of the rows, as the ledger has it:{' '}
              <code className="font-mono wrap-anywhere">{data.hash}</code>
            </span>
            <CopyButton text={data.hash} what="hash" />
          </p>
        </Panel>
      )}
    </Section>
  )
}
