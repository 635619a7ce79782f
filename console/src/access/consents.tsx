import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call, type Reply } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'

type Consent = Reply<'GET /api/access/consents'>['consents'][number]

/** What the person allowed programs to do in their name; each can be withdrawn with every token that came of it. */
export function Consents(): ReactNode {
  const consents = useQuery({
    queryKey: ['consents'],
    queryFn: ({ signal }) => call('GET /api/access/consents', {}, { signal }),
  })
  return (
    <Section title="Programs that act in your name">
      <Loaded query={consents} what="the programs">
        {(data) => <Given rows={data.consents} />}
      </Loaded>
    </Section>
  )
}

function Given({ rows }: { readonly rows: readonly Consent[] }): ReactNode {
  const queries = useQueryClient()
  const withdraw = useMutation({
    mutationFn: (id: string) => call('POST /api/access/consents/:id/withdraw', { params: { id } }),
    onSuccess: async () => {
      announce('Withdrawn; its tokens are refused from now on')
      await queries.invalidateQueries({ queryKey: ['consents'] })
    },
  })
  return (
    <>
      {withdraw.isError && <ProblemNotice error={withdraw.error} focus />}
      {rows.length === 0 ? (
        <Empty title="None">You allowed no program to act in your name.</Empty>
      ) : (
        <Table label="Programs that act in your name" columns={['Program', 'May', 'Allowed', 'Act']}>
          {rows.map((one) => (
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
    </>
  )
}
