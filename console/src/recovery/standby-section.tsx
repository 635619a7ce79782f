import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Standing } from '../contract/recovery.ts'
import { Loaded } from '../ui/loaded.tsx'
import { exact, Moment } from '../ui/moment.tsx'
import { Notice } from '../ui/notice.tsx'
import { Badge, Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { seconds } from './amounts.ts'
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
          The operator adds a second one with the setting <code className="font-mono">SURETY_STANDBY</code>.
        </p>
      </Notice>
    )
  return (
    <Notice tone={of.standby === 'ready' ? 'good' : 'late'}>
      <strong>
        {of.standby === 'ready'
          ? 'The standby is ready'
          : of.standby === 'starting'
            ? 'The standby is being made'
            : 'The standby cannot take over'}
      </strong>
      <p>
        Site {of.primary} takes writes{of.why === null ? '.' : `: ${of.why}`}
      </p>
      <p className="text-muted">Both sites are on this machine: it stands in for two places.</p>
    </Notice>
  )
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
            {one.kind === 'failover' ? 'failover' : 'switchover'}, {one.from} to {one.to}
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
          <Cell of="Lost at most">{one.lostSecondsMax === 0 ? 'nothing' : seconds(one.lostSecondsMax)}</Cell>
        </Row>
      ))}
    </Table>
  )
}
