import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { FirewallState } from '../contract/gateway.ts'
import { useMay } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { day, Moment, span } from '../ui/moment.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { Badge, Panel, Section } from '../ui/page.tsx'
import { Facts } from './facts.tsx'
import { firewallQuery } from './gateway-api.ts'

/** The rules in force: which, how many, from where, how strict, and where they are weaker by decision. Policy 4.1-a. */
export function FirewallPanel(): ReactNode {
  const state = useQuery(firewallQuery)
  return (
    <Section
      title="What does the firewall do?"
      lead={
        <>
          The values come from{' '}
          <Link to="/policy/clause/$id" params={{ id: '4.1-a' }} className="text-accent underline">
            clause 4.1-a
          </Link>
          ; a route may be stricter, and weaker only for a time and for a reason.
        </>
      }
      aside={<Acts />}
    >
      <Loaded query={state} what="the firewall">
        {(data) => (
          <>
            <WithoutRules state={data} />
            <FileErrors state={data} />
            {data.guards && (
              <>
                <InForce state={data} />
                <RouteList routes={data.routes} />
              </>
            )}
          </>
        )}
      </Loaded>
    </Section>
  )
}

function Acts(): ReactNode {
  const may = useMay('gateway.change')
  const queries = useQueryClient()
  const keep = (state: FirewallState): void => {
    queries.setQueryData(firewallQuery.queryKey, state)
  }
  const reload = useMutation({
    mutationFn: () => call('POST /api/gateway/firewall/reload'),
    onSuccess: (state) => {
      keep(state)
      announce('Folder and reviewed file were looked at again')
    },
  })
  const update = useMutation({
    mutationFn: () => call('POST /api/gateway/firewall/update'),
    onSuccess: (state) => {
      keep(state)
      announce('The rules are those of their source')
    },
  })
  if (!may) return null
  const problem = reload.error ?? update.error
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap gap-2">
        <Button
          busy={reload.isPending}
          onClick={() => {
            reload.mutate()
          }}
        >
          Load anew
        </Button>
        <Button
          busy={update.isPending}
          onClick={() => {
            update.mutate()
          }}
        >
          {update.isPending ? 'Fetching rules…' : 'Fetch rules'}
        </Button>
      </div>
      {problem !== null && <ProblemNotice error={problem} focus />}
    </div>
  )
}

function WithoutRules({ state }: { readonly state: FirewallState }): ReactNode {
  if (state.guards && state.problem === null) return null
  return (
    <Notice tone="late">
      <strong>
        {state.guards ? 'The last look for rules came to nothing' : 'No rules: every request passes unseen'}
      </strong>
      {state.problem !== null && <p className="wrap-anywhere">{state.problem}</p>}
      {!state.guards && (
        <p>
          “Fetch rules” takes them from their source. Without a way to the internet, run{' '}
          <code className="font-mono">surety rules update --from FOLDER</code> on the machine, or name a
          folder in <code className="font-mono">SURETY_RULES</code>.
        </p>
      )}
    </Notice>
  )
}

function FileErrors({ state }: { readonly state: FirewallState }): ReactNode {
  if (state.fileErrors.length === 0) return null
  return (
    <Notice tone="late">
      <strong>The reviewed file is not in force; what was there before still is</strong>
      <ul className="list-disc pl-5">
        {state.fileErrors.map(({ line, message }) => (
          <li key={`${line} ${message}`} className="wrap-anywhere">
            {line > 0 && `line ${line}: `}
            {message}
          </li>
        ))}
      </ul>
    </Notice>
  )
}

function InForce({ state }: { readonly state: FirewallState }): ReactNode {
  const { set, policy, defaults } = state
  if (set === null || defaults === null) return null
  return (
    <Panel className="p-4">
      <Facts
        facts={[
          ['Rules', `${set.rules.toLocaleString()} of ${set.components.join(', ') || 'unnamed set'}`],
          ['Version', set.version === '' ? 'not said by the rules' : set.version],
          ['Newest known', set.newest ?? 'not asked yet'],
          ['Source', `${set.source.kind} ${set.source.from}`],
          ['Fetched', <Moment key="fetched" at={set.fetchedAt} />],
          [
            'Compared with the source',
            <>
              <Moment at={set.comparedAt} /> (the policy: every {span(policy.rulesAgeSeconds)})
            </>,
          ],
          ['Mode', against(MODES[defaults.mode], MODES[policy.mode])],
          ['Paranoia level', against(String(defaults.blockingParanoia), String(policy.paranoia))],
          ['Refused from a score of', against(String(defaults.inboundThreshold), String(policy.threshold))],
          ['In force', <Moment key="since" at={state.since} />],
          [
            'Fingerprint',
            <code key="fingerprint" className="font-mono text-sm">
              {set.fingerprint}
            </code>,
          ],
        ]}
      />
    </Panel>
  )
}

const MODES: Readonly<Record<string, string>> = {
  block: 'refuses',
  detect: 'only reports',
  off: 'off',
}

function against(inForce: string | undefined, promised: string | undefined): ReactNode {
  return (
    <>
      {inForce}{' '}
      <span className="text-muted">
        {inForce === promised ? '(as the policy says)' : <>(the policy: {promised})</>}
      </span>
    </>
  )
}

const WEAKER: Readonly<Record<string, string>> = {
  mode: 'mode',
  blockingParanoia: 'paranoia level',
  inboundThreshold: 'score of a request',
  outboundThreshold: 'score of an answer',
  samplingPercent: 'share of requests that is looked at',
}

function RouteList({ routes }: { readonly routes: FirewallState['routes'] }): ReactNode {
  const special = routes.filter(({ weaker, patched, mode }) => weaker.length > 0 || patched || mode !== null)
  if (special.length === 0)
    return <p className="text-muted">No route is an exception: the same values hold everywhere.</p>
  return (
    <Panel>
      <ul aria-label="Routes with values of their own">
        {special.map((one) => (
          <li key={one.name} className="flex flex-col gap-1 border-b border-line px-4 py-3 last:border-b-0">
            <span className="flex flex-wrap items-center gap-2">
              <strong>{one.name}</strong>
              <code className="font-mono text-sm wrap-anywhere">{one.path}</code>
              {one.patched && <Badge tone="accent">virtual patch</Badge>}
              {one.weaker.length > 0 && <Badge tone="late">exception</Badge>}
              {!one.counts && <Badge>ended</Badge>}
            </span>
            {one.mode !== null && <span>{MODES[one.mode]} here</span>}
            {one.weaker.length > 0 && (
              <span className="text-sm text-muted">
                weaker than the policy in: {one.weaker.map((name) => WEAKER[name] ?? name).join(', ')}.{' '}
                {one.why} ({one.by}
                {one.until !== null && `, to the end of ${day(one.until)}`})
              </span>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
