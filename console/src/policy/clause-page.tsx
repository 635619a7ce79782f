import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { ClausePage as Clause } from '../contract/policy.ts'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { Notice } from '../ui/notice.tsx'
import { Badge, PageBody, PageHead, Panel, Section } from '../ui/page.tsx'
import { Controls } from './controls.tsx'
import { Findings } from './findings.tsx'
import { PendingNotice } from './pending-notice.tsx'
import { RunHistory } from './run-history.tsx'
import { RunButtons } from './run-buttons.tsx'
import { Sentence } from './sentence.tsx'
import { meaningOf, StatusMark } from './status-mark.tsx'

const route = getRouteApi('/signed-in/policy/clause/$id')

/** Everything about one promise: sentence, value, enforcement, checks, history, and how to try it now. */
export function ClausePage(): ReactNode {
  const { id } = route.useParams()
  const clause = useQuery({
    queryKey: ['clause', id],
    queryFn: ({ signal }) => call('GET /api/policy/clauses/:id', { params: { id } }, { signal }),
    refetchInterval: 30_000,
  })
  return (
    <PageBody>
      <PageHead title={`Clause ${id}`}>
        {clause.data !== undefined && <RunButtons clause={clause.data} />}
      </PageHead>
      <Loaded query={clause} what="the clause">
        {(data) => <ClauseStory clause={data} />}
      </Loaded>
    </PageBody>
  )
}

function ClauseStory({ clause }: { readonly clause: Clause }): ReactNode {
  const { status } = clause
  return (
    <>
      <Panel className="flex flex-col gap-3 p-5">
        <p className="max-w-prose text-lg leading-7">
          <Sentence text={clause.sentence} values={clause.parameters.map(({ text }) => text ?? '')} />
        </p>
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <StatusMark status={status} />
          <span className="text-sm text-muted">{meaningOf(status.word)}</span>
        </div>
        {status.because !== '' && <p className="text-muted">{status.because}</p>}
        <p className="flex flex-wrap gap-2 text-sm text-muted">
          <Link to="/policy/chapter/$id" params={{ id: clause.chapter }} className="text-accent underline">
            Chapter {clause.chapter}
          </Link>
          {clause.parent !== null && (
            <Link to="/policy/clause/$id" params={{ id: clause.parent }} className="text-accent underline">
              Part of {clause.parent}
            </Link>
          )}
          {clause.children.map((child) => (
            <Link
              key={child}
              to="/policy/clause/$id"
              params={{ id: child }}
              className="text-accent underline"
            >
              {child}
            </Link>
          ))}
          <a href={`/trust/clauses/${clause.id}`} className="text-accent underline">
            On the public page
          </a>
        </p>
      </Panel>
      {clause.drifts.map((drift) => (
        <Notice key={drift.parameter} tone="late">
          <strong>
            {drift.parameter} is “{drift.found}” in force, but “{drift.expected}” in the text
          </strong>
          <p>
            Seen <Moment at={drift.since} />. Publish the text that is meant; the clause stays red until both
            agree.
          </p>
        </Notice>
      ))}
      {clause.parameters.map((parameter) => (
        <PendingNotice key={parameter.name} parameter={parameter} />
      ))}
      <Findings findings={clause.findings} title="Findings about the text" />
      {clause.parameters.length > 0 && <Parameters clause={clause} />}
      <Controls clause={clause} />
      {clause.controls.map((control) => (
        <RunHistory key={control.id} control={control} />
      ))}
      <Section title="Kinds and references">
        <p className="flex flex-wrap gap-2">
          {clause.kinds.map((kind) => (
            <Badge key={kind} tone="accent">
              {kind}
            </Badge>
          ))}
          {clause.maps.map((reference) => (
            <Badge key={reference}>{reference}</Badge>
          ))}
        </p>
      </Section>
    </>
  )
}

const WEAKER: Readonly<Record<string, string>> = {
  higher: 'A higher value weakens the promise',
  lower: 'A lower value weakens the promise',
  longer: 'A longer list weakens the promise',
  shorter: 'A shorter list weakens the promise',
  any: 'Every change counts as weaker',
}

function Parameters({ clause }: { readonly clause: Clause }): ReactNode {
  return (
    <Section
      title="Values in the sentence"
      lead="Change the sentence and publish: the system follows within a minute, without a deploy."
    >
      <div className="grid gap-3 tablet:grid-cols-2">
        {clause.parameters.map((parameter) => (
          <Panel key={parameter.name} className="flex flex-col gap-1 p-4">
            <strong>{parameter.text}</strong>
            <code className="font-mono text-sm text-muted">{parameter.name}</code>
            <p>{parameter.obeys}</p>
            <p className="text-sm text-muted">
              Accepts {parameter.expects}
              {parameter.bounds !== null && `, ${parameter.bounds}`}.
            </p>
            <p className="text-sm text-muted">
              {WEAKER[parameter.weaker] ?? parameter.weaker}; a weaker value waits for the notice period.
            </p>
          </Panel>
        ))}
      </div>
    </Section>
  )
}
