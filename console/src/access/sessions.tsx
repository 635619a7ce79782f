import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Loading, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { PROVED_WITH } from './factor-name.ts'

/** Every active session of the account; each can be ended on its own. Policy 3.4-c. */
export function Sessions(): ReactNode {
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: ['sessions'],
    queryFn: ({ signal }) => call('GET /api/access/sessions', {}, { signal }),
  })
  const renew = (): Promise<void> => queries.invalidateQueries({ queryKey: ['sessions'] })
  const revoke = useMutation({
    mutationFn: (id: string) => call('POST /api/access/sessions/:id/revoke', { params: { id } }),
    onSuccess: async () => {
      announce('The session was ended')
      await renew()
    },
  })
  const revokeOthers = useMutation({
    mutationFn: () => call('POST /api/access/sessions/revoke-others'),
    onSuccess: async () => {
      announce('All other sessions were ended')
      await renew()
    },
  })
  const problem = error ?? revoke.error ?? revokeOthers.error
  const others = data?.sessions.filter(({ current }) => !current).length ?? 0
  return (
    <Section
      title="Sessions"
      lead="Where this account is signed in. Ending a session works at once. Places are approximate: the country that a network was given out to."
      aside={
        others > 0 && (
          <Button
            weight="danger"
            busy={revokeOthers.isPending}
            onClick={() => {
              revokeOthers.mutate()
            }}
          >
            End all other sessions
          </Button>
        )
      }
    >
      {problem !== null && (
        <ProblemNotice
          error={problem}
          {...(error === null
            ? { focus: true }
            : {
                retry: () => {
                  void refetch()
                },
              })}
        />
      )}
      {data === undefined ? (
        error === null && <Loading what="the sessions" />
      ) : (
        <Table label="Sessions" columns={['Device', 'Place', 'Signed in', 'Last seen', 'Act']}>
          {data.sessions.map((session) => (
            <Row key={session.id}>
              <Cell of="Device">
                <span title={session.device.userAgent}>{session.device.says}</span>
                <span className="block text-sm text-muted">
                  {session.factors.map((factor) => PROVED_WITH[factor]).join(', ')}
                </span>
              </Cell>
              <Cell of="Place">
                <span title="The country that the address was given out to; approximate">
                  {session.place.says}
                </span>
                <span className="block text-sm text-muted">{session.device.ip}</span>
              </Cell>
              <Cell of="Signed in">
                <Moment at={session.createdAt} />
                <span className="block text-sm text-muted">
                  ends <Moment at={session.endsAt} />
                </span>
              </Cell>
              <Cell of="Last seen">
                <Moment at={session.lastSeenAt} />
              </Cell>
              <Cell of="Act" end>
                {session.current ? (
                  <Badge tone="accent">this session</Badge>
                ) : (
                  <Button
                    aria-label={`Revoke session ${session.device.says}`}
                    busy={revoke.isPending && revoke.variables === session.id}
                    onClick={() => {
                      revoke.mutate(session.id)
                    }}
                  >
                    Revoke
                  </Button>
                )}
              </Cell>
            </Row>
          ))}
        </Table>
      )}
    </Section>
  )
}
