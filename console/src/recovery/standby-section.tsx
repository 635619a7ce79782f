import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Standing } from '../contract/recovery.ts'
import { Facts } from '../gateway/facts.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { exact, Moment } from '../ui/moment.tsx'
import { Notice } from '../ui/notice.tsx'
import { Badge, Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { bytesIn, seconds } from './amounts.ts'
import { ClauseLink } from './clause-link.tsx'
import { standbyQuery } from './recovery-api.ts'

/** From the loss to the platform’s first write, at most (seconds). */
const CHANGE_SECONDS_MAX = 60

/** Which database takes writes, whether the other could, and every change between them. Policy 6.2-d. */
export function StandbySection(): ReactNode {
  const standby = useQuery(standbyQuery)
  return (
    <Section
      title="Could the other database take over?"
      lead={
        <>
          It follows every change and replaces the first within a minute, for <ClauseLink id="6.2-d" />.
        </>
      }
    >
      <Loaded query={standby} what="the standby">
        {(data) => (
          <>
            <State of={data} />
            {(data.primary !== null || data.changes.length > 0) && <Changes of={data} />}
          </>
        )}
      </Loaded>
    </Section>
  )
}

function State({ of }: { readonly of: Standing }): ReactNode {
  if (of.primary === null)
    return (
      <Notice tone="late">
        <strong>There is one database, and nothing to take over</strong>
        <p>
          The operator adds a second one with the setting <code className="font-mono">SURETY_STANDBY</code>,
          or <code className="font-mono">STANDBY_DATABASE_URL</code> for a server elsewhere.
        </p>
      </Notice>
    )
  const lacks = of.pair !== null && (of.pair.faults.length > 0 || !of.pair.fence)
  return (
    <Notice tone={of.standby === 'ready' && !lacks ? 'good' : 'late'}>
      <strong>
        {of.standby === 'ready'
          ? `The standby is ready${lacks ? ', but something is missing' : ''}`
          : of.standby === 'starting'
            ? 'The standby is being made'
            : 'The standby cannot take over'}
      </strong>
      <p>
        Site {of.primary} takes writes{of.why === null ? '.' : `: ${of.why}`}
      </p>
      {of.pair === null ? (
        <p className="text-muted">Both sites are on this machine: it stands in for two places.</p>
      ) : (
        <Pair of={of.pair} />
      )}
    </Notice>
  )
}

/** Two servers of the operator’s own: what was seen of them, and what is only stated. */
function Pair({ of }: { readonly of: NonNullable<Standing['pair']> }): ReactNode {
  const behind = of.behindSeconds === null ? 'not known' : seconds(of.behindSeconds)
  const more = of.behindBytes === null ? '' : `, ${bytesIn(of.behindBytes)} of changes`
  return (
    <>
      <div className="py-2">
        <Facts
          facts={[
            ['Site a', of.regions.a || 'no region is stated'],
            ['Site b', of.regions.b || 'no region is stated'],
            ['Changes reach the standby', of.streaming ? 'as they are made' : 'not at the moment'],
            ['Behind', `${behind}${more}`],
            ['Machines', `${MACHINES[of.machines]}: ${of.by}`],
          ]}
        />
      </div>
      <p className="text-muted">Regions are what the operator states; nothing here can see one.</p>
      {(of.faults.length > 0 || !of.fence) && (
        <ul aria-label="What is missing" className="list-disc pt-2 pl-5">
          {of.faults.map((fault) => (
            <li key={fault}>{fault}</li>
          ))}
          {!of.fence && (
            <li>
              <code className="font-mono">FENCE_COMMAND</code> is not set: a lost server cannot be replaced
            </li>
          )}
        </ul>
      )}
    </>
  )
}

const MACHINES: Readonly<Record<NonNullable<Standing['pair']>['machines'], string>> = {
  one: 'one machine',
  two: 'two machines',
  unseen: 'not seen',
}

/** Who made the old server take no further write. */
const FENCED: Readonly<Record<string, string>> = {
  'read-only': 'drained and closed',
  command: 'fenced by the operator’s program',
  'somebody-else': 'promoted by somebody else',
}

function Changes({ of: { changes } }: { readonly of: Standing }): ReactNode {
  if (changes.length === 0)
    return (
      <Empty title="The standby never took over">
        Rehearse it with <code className="font-mono">surety failover --now</code>; nothing is lost by it.
      </Empty>
    )
  return (
    <Table
      label="Changes of the database"
      columns={['Change', 'Begun', 'Until the first write', 'Lost at most']}
    >
      {changes.map((one) => (
        <Row key={one.id}>
          <Cell of="Change">
            {one.kind === 'failover' ? 'After a loss' : 'In order'}, {one.from} to {one.to}
            {FENCED[one.fencedBy] !== undefined && (
              <span className="block text-sm text-muted">
                {one.fromRegion || one.from} to {one.toRegion || one.to}, {FENCED[one.fencedBy]}
              </span>
            )}
          </Cell>
          <Cell of="Begun">
            <Moment at={one.beganAt} />
            <span className="block text-sm text-muted">{exact(one.beganAt)}</span>
          </Cell>
          <Cell of="Until the first write">
            {seconds(one.seconds)}{' '}
            {one.seconds > CHANGE_SECONDS_MAX ? (
              <Badge tone="bad">over a minute</Badge>
            ) : (
              <Badge>within a minute</Badge>
            )}
          </Cell>
          <Cell of="Lost at most">
            {one.lostSecondsMax === null
              ? 'not known'
              : one.lostSecondsMax === 0
                ? 'nothing'
                : seconds(one.lostSecondsMax)}
          </Cell>
        </Row>
      ))}
    </Table>
  )
}
