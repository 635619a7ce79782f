import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Completeness } from '../contract/gateway.ts'
import { Loaded } from '../ui/loaded.tsx'
import { Notice } from '../ui/notice.tsx'
import { Section } from '../ui/page.tsx'
import { completenessQuery } from './gateway-api.ts'

/** Requests answered beside lines written, and changes beside events recorded. Policy 4.3-a.4. */
export function CompletenessSection(): ReactNode {
  const completeness = useQuery(completenessQuery)
  return (
    <Section
      title="Is the log complete?"
      lead={
        <>
          Counted since the start of this process, for{' '}
          <Link to="/policy/clause/$id" params={{ id: '4.3-a.4' }} className="text-accent underline">
            clause 4.3-a.4
          </Link>
          .
        </>
      }
    >
      <Loaded query={completeness} what="the comparison">
        {(data) => <Compared of={data} />}
      </Loaded>
    </Section>
  )
}

function Compared({ of: { requests, events, complete } }: { readonly of: Completeness }): ReactNode {
  return (
    <Notice tone={complete ? 'good' : 'late'}>
      <strong>{complete ? 'Nothing is missing' : 'Something left no record'}</strong>
      <p>
        {requests.answered.toLocaleString()} requests answered, {requests.logged.toLocaleString()} lines
        written{requests.missing > 0 && `, ${requests.missing.toLocaleString()} missing`}.
      </p>
      <p>
        {events.expected.toLocaleString()} changes by known callers, {events.recorded.toLocaleString()} with
        their event in the audit log
        {events.missing > 0 && `, ${events.missing.toLocaleString()} without`}
        {events.unchecked > 0 && `, ${events.unchecked.toLocaleString()} not compared yet`}.
      </p>
      {events.missingAt.length > 0 && (
        <ul aria-label="Routes that left no event" className="list-disc pl-5 font-mono text-sm">
          {[...new Set(events.missingAt)].map((route) => (
            <li key={route}>{route}</li>
          ))}
        </ul>
      )}
    </Notice>
  )
}
