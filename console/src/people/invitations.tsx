import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { People } from '../contract/access.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { peopleQuery } from './people-api.ts'
import { useRoleName } from './roles.tsx'

/** Invitations that nobody has used yet. */
export function Invitations({
  invitations,
  mayEdit,
}: {
  readonly invitations: People['invitations']
  readonly mayEdit: boolean
}): ReactNode {
  const queries = useQueryClient()
  const roleName = useRoleName()
  const withdraw = useMutation({
    mutationFn: (id: string) => call('POST /api/people/invitations/:id/withdraw', { params: { id } }),
    onSuccess: async () => {
      announce('The invitation was withdrawn; its link works no more')
      await queries.invalidateQueries({ queryKey: peopleQuery.queryKey })
    },
  })
  if (invitations.length === 0) return null
  return (
    <Section
      title="Open invitations"
      lead="Each was sent by letter, and its link shown once. Inviting the same address again makes a new link and ends the old one."
    >
      {withdraw.isError && <ProblemNotice error={withdraw.error} focus />}
      <Table label="Open invitations" columns={['E-mail', 'Role', 'Ends', 'Act']}>
        {invitations.map((invitation) => (
          <Row key={invitation.id}>
            <Cell of="E-mail">{invitation.email}</Cell>
            <Cell of="Role">
              <span className="block">{roleName(invitation.role)}</span>
              <span className="block text-sm text-muted">{invitation.jobFunction}</span>
            </Cell>
            <Cell of="Ends">
              <Moment at={invitation.expiresAt} />
            </Cell>
            <Cell of="Act" end>
              {mayEdit && (
                <Button
                  weight="danger"
                  aria-label={`Withdraw invitation of ${invitation.email}`}
                  busy={withdraw.isPending && withdraw.variables === invitation.id}
                  onClick={() => {
                    withdraw.mutate(invitation.id)
                  }}
                >
                  Withdraw
                </Button>
              )}
            </Cell>
          </Row>
        ))}
      </Table>
    </Section>
  )
}
