import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { buttonLook } from '../ui/button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { day, Moment } from '../ui/moment.tsx'
import { Badge, Empty, PageBody, PageHead, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { reviewsQuery, type Campaign } from './reviews-api.ts'

const SCOPES = { workspace: 'This workspace', staff: 'Staff of the provider' } as const

/** Reviews of access rights: they open by themselves, and what nobody decides is revoked. Policy 3.2-b. */
export function ReviewsPage(): ReactNode {
  const reviews = useQuery(reviewsQuery)
  return (
    <PageBody>
      <PageHead
        title="Access reviews"
        lead="Every quarter everybody’s access is looked at by somebody else. What is undecided at the deadline is revoked."
      />
      <Loaded query={reviews} what="the reviews">
        {(data) =>
          data.scopes.map((scope) => (
            <Section
              key={scope.scope}
              title={SCOPES[scope.scope]}
              lead={
                scope.nextAt === null
                  ? 'There is nobody else to review yet.'
                  : `The next review opens on ${day(scope.nextAt)} at the latest.`
              }
            >
              {scope.campaigns.length === 0 ? (
                <Empty title="No review yet">
                  The first one opens by itself once there is access of somebody else to look at.
                </Empty>
              ) : (
                <Campaigns label={SCOPES[scope.scope]} rows={scope.campaigns} />
              )}
            </Section>
          ))
        }
      </Loaded>
    </PageBody>
  )
}

function Campaigns({
  label,
  rows,
}: {
  readonly label: string
  readonly rows: readonly Campaign[]
}): ReactNode {
  return (
    <Table label={label} columns={['Opened', 'Deadline', 'Decided', 'Result', 'Act']}>
      {rows.map((one) => (
        <Row key={one.id}>
          <Cell of="Opened">
            <Moment at={one.openedAt} />
          </Cell>
          <Cell of="Deadline">
            <Moment at={one.dueAt} />
          </Cell>
          <Cell of="Decided">
            {one.decided} of {one.items}
            {one.mine > 0 && (
              <>
                {' '}
                <Badge tone="late">{one.mine} wait for you</Badge>
              </>
            )}
          </Cell>
          <Cell of="Result">
            {one.kept} kept, {one.changed} changed, {one.revoked} revoked
          </Cell>
          <Cell of="Act" end>
            <Link to="/reviews/$id" params={{ id: one.id }} className={buttonLook()}>
              {one.closedAt === null ? 'Review' : 'Look at it'}
            </Link>
          </Cell>
        </Row>
      ))}
    </Table>
  )
}
