import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Limits } from '../contract/gateway.ts'
import { Loaded } from '../ui/loaded.tsx'
import { shortSpan, span } from '../ui/moment.tsx'
import { PageBody, PageHead, Panel, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { Facts } from './facts.tsx'
import { limitsQuery } from './gateway-api.ts'
import { CompletenessSection } from './completeness-section.tsx'
import { GatewayTabs } from './gateway-tabs.tsx'

/** Every limit of the gateway: rates from the policy's text, sizes, counts and times. Policy 4.1-d, 4.3-a.1. */
export function LimitsPage(): ReactNode {
  const limits = useQuery(limitsQuery)
  return (
    <PageBody>
      <PageHead
        title="Limits"
        lead="What one client, account or workspace may ask for, and where a request is cut off."
      />
      <GatewayTabs />
      <CompletenessSection />
      <Loaded query={limits} what="the limits">
        {(data) => (
          <>
            <Rates of={data} />
            {groupsOf(data.limits).map(({ title, lead, names }) => (
              <Section key={title} title={title} lead={lead}>
                <Panel className="p-4">
                  <Facts facts={names.map(([name, words]) => [words, valueOf(name, data.limits[name])])} />
                </Panel>
              </Section>
            ))}
          </>
        )}
      </Loaded>
    </PageBody>
  )
}

const WHOSE: Readonly<Record<string, string>> = {
  'rate.network': 'One network',
  'rate.account': 'One account',
  'rate.workspace': 'One workspace',
  'api.rate': 'One client',
  'rate.sign-in': 'Tries to sign in, one client',
}

function Rates({ of }: { readonly of: Limits }): ReactNode {
  return (
    <Section
      title="Rates"
      lead={
        <>
          They are values of the policy’s text and change with it.{' '}
          {of.sharedRates
            ? 'Several gateways count together in one store.'
            : 'This gateway counts by itself; where there are several, RATE_STORE_URL lets them count together.'}
        </>
      }
    >
      <Table label="Rates" columns={['Who', 'A minute', 'What happens', 'Clause']}>
        {of.rates.map((rate) => (
          <Row key={rate.name}>
            <Cell of="Who">{WHOSE[rate.name] ?? rate.name}</Cell>
            <Cell of="A minute">{rate.perMinute.toLocaleString()}</Cell>
            <Cell of="What happens">
              <span className="text-sm text-muted">{rate.obeys}</span>
            </Cell>
            <Cell of="Clause">
              <Link
                to="/policy/clause/$id"
                params={{ id: rate.clause }}
                className="whitespace-nowrap text-accent underline"
              >
                {rate.clause}
              </Link>
            </Cell>
          </Row>
        ))}
      </Table>
    </Section>
  )
}

type LimitName = keyof Limits['limits']

interface Group {
  readonly title: string
  readonly lead: string
  readonly names: readonly (readonly [LimitName, string])[]
}

/** The groups, and at the end what has no words here yet: no limit in force goes unsaid. */
function groupsOf(limits: Limits['limits']): readonly Group[] {
  const said = new Set<string>(GROUPS.flatMap(({ names }) => names.map(([name]) => name)))
  const more = (Object.keys(limits) as LimitName[]).filter((name) => !said.has(name))
  if (more.length === 0) return GROUPS
  const names = more.map((name) => [name, wordsOf(name)] as const)
  return [...GROUPS, { title: 'More', lead: 'Named as in the program.', names }]
}

/** `sweepMs` as “sweep”. */
function wordsOf(name: string): string {
  const words = name
    .replace(/(BytesMax|Max|Ms)$/, '')
    .replaceAll(/[A-Z]/g, (sign) => ` ${sign.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const GROUPS: readonly Group[] = [
  {
    title: 'Sizes',
    lead: 'What is larger is refused, never cut to fit.',
    names: [
      ['proxiedBodyBytesMax', 'Body to the protected service'],
      ['apiBodyBytesMax', 'Body to the API'],
      ['formBodyBytesMax', 'Body of a form'],
      ['heldBytesMax', 'Bodies held at once'],
      ['heldBytesPerClientMax', 'Of one network'],
      ['headerBytesMax', 'Headers together'],
      ['headersMax', 'Number of headers'],
      ['targetCharactersMax', 'Length of an address'],
    ],
  },
  {
    title: 'Connections',
    lead: 'A crowd of clients has room; one client alone does not take it.',
    names: [
      ['connectionsMax', 'At once'],
      ['connectionsPerClientMax', 'Of one network'],
      ['streamsPerConnectionMax', 'Requests at once in one HTTP/2 connection'],
      ['underWayPerClientMax', 'Under way at the protected service, one client'],
      ['upstreamConnectionsMax', 'To the protected service'],
    ],
  },
  {
    title: 'Times',
    lead: 'Who is slower than this is cut off.',
    names: [
      ['handshakeMs', 'TLS handshake'],
      ['headersMs', 'Headers of a request'],
      ['requestMs', 'A whole request'],
      ['keepAliveMs', 'Kept connection without a request'],
      ['idleMs', 'Connection on which nothing moves'],
      ['upstreamConnectMs', 'Connecting to the protected service'],
      ['upstreamResponseMs', 'Its answer'],
      ['upstreamIdleMs', 'Between two parts of its answer'],
      ['standingMs', 'Open streams: their caller is asked about every'],
      ['inspectionMsPerRequest', 'Rules, in a minute for one network: for each request it may send'],
      ['inspectionMsPerMinuteMin', 'And at least'],
      ['sweepMs', 'Slow requests are looked for every'],
    ],
  },
]

const SIZES = [
  [1024 * 1024, 'MB'],
  [1024, 'KB'],
] as const

function valueOf(name: string, value: number): string {
  if (/Ms(Per|$)/.test(name)) return value < 120_000 ? shortSpan(value) : span(value / 1000)
  if (!name.includes('Bytes')) return value.toLocaleString()
  const [size, unit] = SIZES.find(([least]) => value >= least) ?? [1, 'bytes']
  return `${(value / size).toLocaleString()} ${unit}`
}
