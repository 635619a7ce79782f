import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { Badge, Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { kindName, leaversQuery, seconds, type Leaver } from './provisioning-api.ts'

/** Who left, what ended when, and what answered when each thing was tried again. Policy 3.2-c. */
export function Leavers(): ReactNode {
  const departures = useQuery(leaversQuery)
  const report = departures.data?.report
  return (
    <Section
      title="Departures"
      {...(report === undefined
        ? {}
        : {
            lead: `In the last ${report.days} days: ${report.departures} ${report.departures === 1 ? 'departure' : 'departures'}, everything ended after ${seconds(report.medianSeconds)} in the median and ${seconds(report.maxSeconds)} at most; the policy allows ${seconds(report.limitSeconds)}.`,
          })}
    >
      <Loaded query={departures} what="the departures">
        {({ leavers }) =>
          leavers.length === 0 ? (
            <Empty title="Nobody left yet">
              Each departure stays here with the time of every step and the answers of every try.
            </Empty>
          ) : (
            <Table label="Departures" columns={['Who', 'When', 'Ended after', 'Tried again']}>
              {leavers.map((one) => (
                <Departure key={one.id} of={one} />
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  )
}

function Departure({ of }: { readonly of: Leaver }): ReactNode {
  return (
    <Row>
      <Cell of="Who">
        <span className="block">{of.name}</span>
        <span className="block text-sm text-muted">{of.email}</span>
        {of.ownerless.length > 0 && <Badge tone="late">left a workspace without owner</Badge>}
      </Cell>
      <Cell of="When">
        <Moment at={of.toldAt} />
      </Cell>
      <Cell of="Ended after">
        <details>
          <summary className="cursor-pointer py-1.5">{seconds(of.finishedAfterSeconds)}</summary>
          <ul className="text-left text-sm text-muted">
            <li>denied after {seconds(of.deniedAfterSeconds)}</li>
            {of.steps.map((step) => (
              <li key={step.kind}>
                {kindName(step.kind)}: {step.ended} ended after {seconds(step.endedAfterSeconds)},{' '}
                {step.refused} refused
              </li>
            ))}
          </ul>
        </details>
      </Cell>
      <Cell of="Tried again">
        {of.stillLive > 0 ? (
          <Badge tone="bad">{of.stillLive} still worked</Badge>
        ) : of.finishedAfterSeconds === null ? (
          <Badge tone="late">under way</Badge>
        ) : (
          'all refused'
        )}
      </Cell>
    </Row>
  )
}
