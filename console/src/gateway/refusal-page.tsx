import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Refusal } from '../contract/gateway.ts'
import { useMay } from '../session.tsx'
import { buttonLook } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { exact, Moment } from '../ui/moment.tsx'
import { PageBody, PageHead, Panel, Section } from '../ui/page.tsx'
import { Facts } from './facts.tsx'
import { firewallQuery, refusalQuery } from './gateway-api.ts'
import { GatewayTabs } from './gateway-tabs.tsx'
import { ProposeButton } from './proposal.tsx'
import { OutcomeBadge } from './refused-list.tsx'
import { RuleMatchView } from './rule-match.tsx'

/** Rules that are unfolded at first. */
const OPEN = 3

const route = getRouteApi('/signed-in/traffic/refused/$requestId')

/** Why a request was refused: each rule, down to the value and the pattern. Policy 4.1-a. */
export function RefusalPage(): ReactNode {
  const { requestId } = route.useParams()
  const refusal = useQuery(refusalQuery(requestId))
  return (
    <PageBody>
      <PageHead title="Why it was refused">
        <Link to="/traffic/refused" className={buttonLook()}>
          All refused requests
        </Link>
      </PageHead>
      <GatewayTabs />
      <Loaded query={refusal} what="the refusal">
        {(data) => <Story of={data} />}
      </Loaded>
    </PageBody>
  )
}

function Story({ of }: { readonly of: Refusal }): ReactNode {
  const mayChange = useMay('gateway.change')
  const { data: state } = useQuery(firewallQuery)
  const limit = state?.policy.threshold
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      'When',
      <>
        {exact(of.at)} (<Moment at={of.at} />)
      </>,
    ],
    [
      'Request',
      <code key="request" className="font-mono text-sm">
        {of.method} {of.target === '' ? of.route : of.target} {of.protocol}
      </code>,
    ],
    ['Route', of.route],
    ['Answered', of.status],
    [
      'Score',
      <>
        {of.scores.inbound} for the request, {of.scores.outbound} for the answer
        {limit !== undefined && <span className="text-muted"> (refused from {limit}, by the policy)</span>}
      </>,
    ],
    [
      'Decided by',
      of.decided === null
        ? 'no rule'
        : `rule ${of.decided.rule} in phase ${of.decided.phase}: ${of.decided.message}`,
    ],
    ['Came from', of.ip],
    ...(of.client === '' ? [] : [['Client', of.client] as const]),
    ['Rules took', `${of.ms.toFixed(2)} ms`],
    [
      'Request id',
      <span key="id" className="flex flex-wrap items-center gap-2">
        <code className="font-mono text-sm">{of.id}</code>
        <CopyButton text={of.id} what="request id" />
      </span>,
    ],
  ]
  return (
    <>
      <Panel className="flex flex-col gap-4 p-5">
        <div className="flex flex-wrap items-center gap-3">
          <OutcomeBadge of={of.outcome} />
          <strong className="wrap-anywhere">{of.message}</strong>
        </div>
        <Facts facts={facts} />
        <div className="flex flex-wrap gap-2">
          <ProposeButton requestId={of.id} />
          {mayChange && of.ip !== '' && (
            <Link
              to="/traffic/block-list"
              search={{ kind: 'network', subject: of.ip }}
              className={buttonLook()}
            >
              Block this address
            </Link>
          )}
        </div>
      </Panel>
      <Section
        title={
          of.matches.length === 1 ? 'The rule that matched' : `The ${of.matches.length} rules that matched`
        }
        lead="Values are cut and cleaned before they are kept: no passwords, no cookies, no addresses of people."
      >
        <ol aria-label="Rules that matched" className="flex flex-col gap-4">
          {of.matches.map((match, at) => (
            <RuleMatchView
              key={`${match.rule} ${at}`}
              match={match}
              described={of.rules[at] ?? null}
              open={at < OPEN}
            />
          ))}
        </ol>
      </Section>
      {of.overBudget.length > 0 && (
        <p className="text-muted">
          Given up because they took too long, and counted as matched: rules {of.overBudget.join(', ')}.
        </p>
      )}
      <Headers headers={of.headers} />
    </>
  )
}

function Headers({ headers }: { readonly headers: Refusal['headers'] }): ReactNode {
  if (headers.length === 0) return null
  return (
    <details>
      <summary className="tap inline-flex items-center text-accent underline">
        Its {headers.length} headers
      </summary>
      <Panel className="p-4">
        <ul className="flex flex-col gap-1 font-mono text-sm">
          {headers.map(([name, value], at) => (
            <li key={`${name} ${at}`} className="wrap-anywhere">
              {name}: <span className="text-muted">{value}</span>
            </li>
          ))}
        </ul>
      </Panel>
    </details>
  )
}
