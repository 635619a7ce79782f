import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { Badge, Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'

/** What the platform as a whole records about everybody, and not as part of sign-in. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'access.denied': 'Something was asked for that this account may not do, or not yet.',
}

/** What happened to the account lately: sign-ins, refusals, changes; from where. */
export function Activity(): ReactNode {
  const activity = useQuery({
    queryKey: ['activity'],
    queryFn: ({ signal }) => call('GET /api/access/activity', {}, { signal }),
  })
  return (
    <Section
      title="Activity"
      lead="What happened to your account. If something was not you, change your password and end the other sessions."
    >
      <Loaded query={activity} what="the activity">
        {(data) =>
          data.events.length === 0 ? (
            <Empty title="Nothing yet">Sign-ins and changes of your account appear here.</Empty>
          ) : (
            <Table label="Activity" columns={['What', 'From', 'When']}>
              {data.events.map((event) => (
                <Row key={event.id}>
                  <Cell of="What">
                    {ELSEWHERE[event.type] ?? event.says}{' '}
                    {event.outcome !== 'success' && <Badge tone="late">{event.outcome}</Badge>}
                  </Cell>
                  <Cell of="From">
                    {event.origin === null ? (
                      'not known any more'
                    ) : (
                      <span title={event.origin.userAgent}>
                        {event.origin.says}, {event.origin.ip}
                      </span>
                    )}
                  </Cell>
                  <Cell of="When">
                    <Moment at={event.at} />
                  </Cell>
                </Row>
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  )
}
