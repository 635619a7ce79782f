import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { Badge, Empty, PageBody, PageHead, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { Countdown } from './countdown.tsx'
import { DecideElevation } from './decide-elevation.tsx'
import { elevationsQuery, wordsOf, type Elevation, type Elevations } from './elevations.ts'
import { RequestElevation } from './request-elevation.tsx'

const ENDED: Readonly<Record<string, string>> = {
  expired: 'ran out',
  unanswered: 'nobody answered',
  denied: 'denied',
  ended: 'ended early',
}

/** Sensitive work for a limited time: asked for, decided by somebody else, counted down, looked at afterwards. Policy 3.2-d. */
export function ElevationsPage(): ReactNode {
  const elevations = useQuery(elevationsQuery)
  const of = elevations.data
  return (
    <PageBody>
      <PageHead
        title="Elevations"
        lead="Nobody holds sensitive permissions for good. Ask for one when the work calls for it; somebody else approves, and it ends by itself."
      >
        {of !== undefined && of.eligible.length > 0 && (
          <>
            <RequestElevation of={of} emergency={false} />
            <RequestElevation of={of} emergency />
          </>
        )}
      </PageHead>
      <Loaded query={elevations} what="the elevations">
        {(all) => <Lists of={all} />}
      </Loaded>
    </PageBody>
  )
}

function Lists({ of }: { readonly of: Elevations }): ReactNode {
  const nothing = of.mine.length + of.waiting.length + of.running.length + of.toReview.length === 0
  return (
    <>
      {nothing && (
        <Empty title="Nobody is elevated">
          {of.eligible.length > 0
            ? 'No request waits, and nobody holds a sensitive permission at this moment.'
            : 'Your role gives you nothing to ask for. What was asked before stands below.'}
        </Empty>
      )}
      {of.waiting.length > 0 && (
        <Section title="Waiting for your decision">
          <Elevated
            label="Waiting for your decision"
            rows={of.waiting}
            act={(one) => (
              <span className="flex flex-wrap justify-end gap-2">
                <DecideElevation of={one} act="approve" />
                <DecideElevation of={one} act="deny" />
              </span>
            )}
          />
        </Section>
      )}
      {of.mine.length > 0 && (
        <Section title="Yours">
          <Elevated
            label="Yours"
            rows={of.mine}
            act={(one) => (
              <Badge tone={one.state === 'active' ? 'accent' : 'plain'}>
                {one.state === 'active' ? (one.here ? 'in this session' : 'in another session') : 'waiting'}
              </Badge>
            )}
          />
        </Section>
      )}
      {of.running.length > 0 && (
        <Section title="Running">
          <Elevated label="Running" rows={of.running} />
        </Section>
      )}
      {of.toReview.length > 0 && (
        <Section title="Emergencies to look at" lead="Whoever broke the glass cannot review it.">
          <Elevated
            label="Emergencies to look at"
            rows={of.toReview}
            act={(one) =>
              of.toReview.some((each) => each.id === one.id && each.own) ? (
                <Badge>yours</Badge>
              ) : (
                <DecideElevation of={one} act="review" />
              )
            }
          />
        </Section>
      )}
      <Section title="Past">
        {of.history.length === 0 ? (
          <Empty title="None yet">Every elevation stays here with its reason and its end.</Empty>
        ) : (
          <Elevated
            label="Past"
            rows={of.history}
            act={(one) => <Badge>{ENDED[one.endReason ?? ''] ?? one.endReason ?? 'ended'}</Badge>}
          />
        )}
      </Section>
    </>
  )
}

function Elevated({
  label,
  rows,
  act,
}: {
  readonly label: string
  readonly rows: readonly Elevation[]
  readonly act?: (one: Elevation) => ReactNode
}): ReactNode {
  return (
    <Table label={label} columns={['Who', 'What for', 'Time', ...(act === undefined ? [] : ['Act'])]}>
      {rows.map((one) => (
        <Row key={one.id}>
          <Cell of="Who">
            {one.name} {one.kind === 'break-glass' && <Badge tone="bad">break glass</Badge>}
          </Cell>
          <Cell of="What for">
            <span className="block">{wordsOf(one.permissions)}</span>
            <span className="block text-sm text-muted">{one.reason}</span>
            {one.decidedBy !== null && <span className="block text-sm text-muted">by {one.decidedBy}</span>}
          </Cell>
          <Cell of="Time">
            {one.state === 'active' && one.until !== null ? (
              <Countdown until={one.until} />
            ) : (
              <span>
                {one.minutes} minutes, asked <Moment at={one.requestedAt} />
              </span>
            )}
          </Cell>
          {act !== undefined && (
            <Cell of="Act" end>
              {act(one)}
            </Cell>
          )}
        </Row>
      ))}
    </Table>
  )
}
