import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { BuiltInRole } from '../../../platform/kernel/permission.ts'
import { call } from '../api.ts'
import type { People } from '../contract/access.ts'
import { useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/field.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { ROLE_NAMES, roleName } from './roles.tsx'

/** Members of the workspace; nobody changes their own role. */
export function Members({
  members,
  mayEdit,
}: {
  readonly members: People['members']
  readonly mayEdit: boolean
}): ReactNode {
  const queries = useQueryClient()
  const me = useMe()
  const renew = (): Promise<void> => queries.invalidateQueries({ queryKey: ['people'] })
  const change = useMutation({
    mutationFn: ({ id, role }: { id: string; role: BuiltInRole }) =>
      call('POST /api/people/:id/role', { params: { id }, body: { role } }),
    onSuccess: async (_, { role }) => {
      announce(`Role changed to ${ROLE_NAMES[role]}`)
      await renew()
    },
  })
  const remove = useMutation({
    mutationFn: (id: string) => call('POST /api/people/:id/remove', { params: { id } }),
    onSuccess: async () => {
      announce('Removed; their sessions and keys have ended')
      await renew()
    },
  })
  const problem = change.error ?? remove.error
  return (
    <Section
      title="Members"
      {...(mayEdit
        ? {
            lead: 'Removing somebody ends their sessions and keys at once. A new invitation lets them return.',
          }
        : {})}
    >
      {problem !== null && <ProblemNotice error={problem} focus />}
      <Table label="Members" columns={['Name', 'Role', 'Second factors', 'Member for', 'Act']}>
        {members.map((person) => {
          const self = person.id === me.account?.id
          return (
            <Row key={person.id}>
              <Cell of="Name">
                <span className="block">{person.name}</span>
                <span className="block text-sm text-muted">{person.email}</span>
              </Cell>
              <Cell of="Role">
                {mayEdit && !self ? (
                  <Choice
                    quiet
                    label={`Role of ${person.name}`}
                    choices={ROLE_NAMES}
                    value={
                      change.isPending && change.variables.id === person.id
                        ? change.variables.role
                        : (person.role as BuiltInRole)
                    }
                    disabled={change.isPending}
                    onChoose={(role) => {
                      change.mutate({ id: person.id, role })
                    }}
                  />
                ) : (
                  roleName(person.role)
                )}
              </Cell>
              <Cell of="Second factors">
                {person.secondFactors > 0 ? person.secondFactors : <Badge tone="late">none yet</Badge>}
              </Cell>
              <Cell of="Member for">
                <Moment at={person.since} bare />
              </Cell>
              <Cell of="Act" end>
                {self ? (
                  <Badge tone="accent">you</Badge>
                ) : (
                  mayEdit && (
                    <Button
                      weight="danger"
                      aria-label={`Remove ${person.name}`}
                      busy={remove.isPending && remove.variables === person.id}
                      onClick={() => {
                        remove.mutate(person.id)
                      }}
                    >
                      Remove
                    </Button>
                  )
                )}
              </Cell>
            </Row>
          )
        })}
      </Table>
    </Section>
  )
}
