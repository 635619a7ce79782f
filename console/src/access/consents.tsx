import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Empty, Loading, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'

/** What the person allowed programs to do in their name; each can be withdrawn with every token that came of it. */
export function Consents(): ReactNode {
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: ['consents'],
    queryFn: ({ signal }) => call('GET /api/access/consents', {}, { signal }),
  })
  const withdraw = useMutation({
    mutationFn: (id: string) => call('POST /api/access/consents/:id/withdraw', { params: { id } }),
    onSuccess: async () => {
      announce('Withdrawn; its tokens are refused from now on')
      await queries.invalidateQueries({ queryKey: ['consents'] })
    },
  })
  return (
    <Section title="Programs that act in your name">
      {error !== null && (
        <ProblemNotice
          error={error}
          retry={() => {
            void refetch()
          }}
        />
      )}
      {withdraw.isError && <ProblemNotice error={withdraw.error} focus />}
      {data === undefined ? (
        error === null && <Loading what="the programs" />
      ) : data.consents.length === 0 ? (
        <Empty title="None">You allowed no program to act in your name.</Empty>
      ) : (
        <Table label="Programs that act in your name" columns={['Program', 'May', 'Allowed', 'Act']}>
          {data.consents.map((one) => (
            <Row key={one.id}>
              <Cell of="Program">{one.client.name}</Cell>
              <Cell of="May">
                <span className="flex flex-wrap justify-end gap-1 tablet:justify-start">
                  {one.scopes.map((scope) => (
                    <Badge key={scope}>{scope}</Badge>
                  ))}
                </span>
              </Cell>
              <Cell of="Allowed">
                <Moment at={one.givenAt} />
              </Cell>
              <Cell of="Act" end>
                <Button
                  weight="danger"
                  aria-label={`Withdraw ${one.client.name ?? 'the program'}`}
                  busy={withdraw.isPending && withdraw.variables === one.id}
                  onClick={() => {
                    withdraw.mutate(one.id)
                  }}
                >
                  Withdraw
                </Button>
              </Cell>
            </Row>
          ))}
        </Table>
      )}
    </Section>
  )
}
