import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { FirewallTraffic, RequestsSeen } from '../contract/gateway.ts'
import { Loaded } from '../ui/loaded.tsx'
import { Moment, shortSpan } from '../ui/moment.tsx'
import { Notice } from '../ui/notice.tsx'
import { Badge, Empty, PageBody, PageHead, Panel, Section } from '../ui/page.tsx'
import { FirewallPanel } from './firewall-panel.tsx'
import { LIVE_MS, requestsQuery, trafficQuery } from './gateway-api.ts'
import { GatewayTabs } from './gateway-tabs.tsx'
import { MinuteChart } from './minute-chart.tsx'
import { PauseButton } from './pause-button.tsx'

const RECENT_SHOWN = 25

/** What passes the gateway now, and what stands in its way. Policy 4.1-a. */
export function TrafficPage(): ReactNode {
  const [paused, setPaused] = useState(false)
  const live = { refetchInterval: paused ? (false as const) : LIVE_MS, refetchOnWindowFocus: !paused }
  const requests = useQuery({ ...requestsQuery, ...live })
  const traffic = useQuery({ ...trafficQuery, ...live })
  return (
    <PageBody>
      <PageHead title="Traffic" lead="What passes the gateway now. Nothing here says who sent it.">
        <PauseButton paused={paused} onChange={setPaused} />
      </PageHead>
      <GatewayTabs />
      <Section
        title="How much passes, and how much is refused?"
        lead={
          paused
            ? 'Paused: the figures stay as they are.'
            : 'Renewed every five seconds; of this process, the last hour.'
        }
      >
        <Loaded query={requests} what="the requests">
          {(seen) => <Figures seen={seen} traffic={traffic.data} />}
        </Loaded>
      </Section>
      <FirewallPanel />
      <TopRules traffic={traffic.data} />
      <Section
        title="Newest requests"
        lead="As they stand in the request log: the route that answered, never the address itself."
      >
        <Loaded query={requests} what="the newest requests">
          {({ recent }) =>
            recent.length === 0 ? (
              <Empty title="No request yet">Each request appears here as soon as it is answered.</Empty>
            ) : (
              <Newest recent={recent.slice(0, RECENT_SHOWN)} />
            )
          }
        </Loaded>
      </Section>
    </PageBody>
  )
}

function Figures({
  seen,
  traffic,
}: {
  readonly seen: RequestsSeen
  readonly traffic: FirewallTraffic | undefined
}): ReactNode {
  const judgedMinutes = traffic?.minutes ?? []
  const sum = sumOver(seen.minutes)
  const looked = sumOver(judgedMinutes)
  const refused = new Map(judgedMinutes.map(({ at, blocked }) => [at, blocked]))
  const judged = looked(({ requests, unguarded }) => requests - unguarded)
  const ms = looked((minute) => minute.ms)
  const figures: readonly (readonly [string, string])[] = [
    ['Requests', count(sum(({ requests }) => requests))],
    ['Refused by the firewall', count(looked(({ blocked }) => blocked))],
    ['Would be refused', count(looked(({ wouldBlock }) => wouldBlock))],
    ['Not looked at', count(looked(({ unguarded }) => unguarded))],
    ['Answered 2xx and 3xx', count(sum(({ statuses }) => statuses['2xx'] + statuses['3xx']))],
    ['Answered 4xx', count(sum(({ statuses }) => statuses['4xx']))],
    ['Answered 5xx', count(sum(({ statuses }) => statuses['5xx']))],
    ['Left before an answer', count(sum(({ statuses }) => statuses.gone))],
    ['Half answered within', seen.latency === null ? 'none yet' : shortSpan(seen.latency.half)],
    ['95 of 100 within', seen.latency === null ? 'none yet' : shortSpan(seen.latency.most)],
    ['Rules took, on average', judged === 0 ? 'none yet' : `${(ms / judged).toFixed(2)} ms`],
    [
      'Rules took, at most',
      judged === 0 ? 'none yet' : `${Math.max(0, ...judgedMinutes.map(({ msMax }) => msMax)).toFixed(1)} ms`,
    ],
  ]
  const lost = traffic === undefined ? 0 : traffic.lost.auditLines + traffic.lost.refusals
  return (
    <>
      <MinuteChart minutes={seen.minutes.map((one) => ({ ...one, refused: refused.get(one.at) ?? 0 }))} />
      <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-large border border-line bg-line tablet:grid-cols-4">
        {figures.map(([name, value]) => (
          <div key={name} className="flex flex-col-reverse justify-end bg-panel px-4 py-3">
            <dt className="text-sm text-muted">{name}</dt>
            <dd className="text-lg font-strong">{value}</dd>
          </div>
        ))}
      </dl>
      {lost > 0 && (
        <Notice tone="late">
          <strong>{lost} refusals left no record</strong>
          <p>They came faster than they could be written, or the database was away.</p>
        </Notice>
      )}
      <p className="text-sm text-muted">
        Counted since <Moment at={seen.since} />.
      </p>
    </>
  )
}

/** Adds up one figure of all minutes. */
function sumOver<Minute>(minutes: readonly Minute[]): (of: (minute: Minute) => number) => number {
  return (of) => minutes.reduce((all, minute) => all + of(minute), 0)
}

function count(value: number): string {
  return value.toLocaleString()
}

function TopRules({ traffic }: { readonly traffic: FirewallTraffic | undefined }): ReactNode {
  if (traffic === undefined || traffic.rules.length === 0) return null
  return (
    <Section
      title="Which rules match most?"
      lead="Since the start of this process, also where nothing was refused."
    >
      <Panel>
        <ul aria-label="Rules that match most">
          {traffic.rules.slice(0, 8).map(({ rule, message, matches }) => (
            <li
              key={rule}
              className="flex items-baseline gap-3 border-b border-line px-4 py-2 last:border-b-0"
            >
              <Link
                to="/traffic/refused"
                search={{ rule }}
                className="shrink-0 font-mono text-sm text-accent underline"
              >
                {rule}
              </Link>
              <span className="line-clamp-2 min-w-0 flex-1 wrap-anywhere">{message}</span>
              <span className="shrink-0">{matches.toLocaleString()}</span>
            </li>
          ))}
        </ul>
      </Panel>
    </Section>
  )
}

function Newest({ recent }: { readonly recent: RequestsSeen['recent'] }): ReactNode {
  return (
    <Panel>
      <ul aria-label="Newest requests">
        {recent.map((one) => (
          <li
            key={one.requestId}
            className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 border-b border-line px-4 py-2 text-sm last:border-b-0"
          >
            <span className="min-w-0 flex-1 basis-72 font-mono wrap-anywhere">
              {one.method} {one.route}
            </span>
            <span className="w-16">
              <Answer status={one.status} />
            </span>
            <span className="w-16 text-right">{shortSpan(Math.round(one.ms))}</span>
            <span className="w-28 text-right text-muted">
              <Moment at={one.at} />
            </span>
            <code className="basis-full font-mono text-xs wrap-anywhere text-muted desktop:basis-auto">
              {one.requestId}
            </code>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Answer({ status }: { readonly status: number }): ReactNode {
  if (status === 0) return <Badge>left</Badge>
  if (status >= 500) return <Badge tone="bad">{status}</Badge>
  return status >= 400 ? <Badge tone="late">{status}</Badge> : status
}
