import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { WorkspaceRole } from '../../../platform/kernel/permission.ts'
import { call } from '../api.ts'
import type { Person } from '../contract/access.ts'
import { useMay, useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/field.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Loading, PageBody, PageHead } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { Invite } from './invite.tsx'
import { ROLE_NAMES, RoleMeanings } from './roles.tsx'

/** Who belongs to the workspace, what their role lets them do, and how somebody joins or leaves. Policy 3.2-a. */
export function PeoplePage(): ReactNode {
  const may = useMay('people.edit')
  const { data, error, refetch } = useQuery({
    queryKey: ['people'],
    queryFn: ({ signal }) => call('GET /api/people', {}, { signal }),
  })
  return (
    <PageBody>
      <PageHead title="People and roles" lead="Everybody here signs in with a second factor.">
        {may && <Invite />}
      </PageHead>
      {error !== null && (
        <ProblemNotice
          error={error}
          retry={() => {
            void refetch()
          }}
        />
      )}
      {data === undefined ? (
        error === null && <Loading what="the people" />
      ) : (
        <Members people={data.people} mayEdit={may} />
      )}
      <RoleMeanings />
    </PageBody>
  )
}

function Members({
  people,
  mayEdit,
}: {
  readonly people: readonly Person[]
  readonly mayEdit: boolean
}): ReactNode {
  const queries = useQueryClient()
  const me = useMe()
  const renew = (): Promise<void> => queries.invalidateQueries({ queryKey: ['people'] })
  const change = useMutation({
    mutationFn: ({ id, role }: { id: string; role: WorkspaceRole }) =>
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
    <>
      {problem !== null && <ProblemNotice error={problem} focus />}
      <Table label="People" columns={['Name', 'Role', 'State', 'Last seen', 'Act']}>
        {people.map((person) => (
          <Row key={person.id}>
            <Cell of="Name">
              <span className="block">{person.name === '' ? 'Not yet joined' : person.name}</span>
              <span className="block text-sm text-muted">{person.email}</span>
            </Cell>
            <Cell of="Role">
              {mayEdit && person.state !== 'invited' ? (
                <Choice
                  quiet
                  label={`Role of ${person.name}`}
                  choices={ROLE_NAMES}
                  value={
                    change.isPending && change.variables.id === person.id
                      ? change.variables.role
                      : person.role
                  }
                  disabled={change.isPending}
                  onChoose={(role) => {
                    change.mutate({ id: person.id, role })
                  }}
                />
              ) : (
                ROLE_NAMES[person.role]
              )}
            </Cell>
            <Cell of="State">
              <State person={person} />
            </Cell>
            <Cell of="Last seen">
              {person.lastSeenAt === null ? 'never' : <Moment at={person.lastSeenAt} />}
            </Cell>
            <Cell of="Act" end>
              {person.id === me.account.id ? (
                <Badge tone="accent">you</Badge>
              ) : (
                mayEdit && (
                  <Button
                    weight="danger"
                    aria-label={`Remove ${person.name === '' ? person.email : person.name}`}
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
        ))}
      </Table>
      {mayEdit && (
        <p className="text-sm text-muted">
          Removing somebody ends their sessions at once. It can be undone with a new invitation.
        </p>
      )}
    </>
  )
}

function State({ person }: { readonly person: Person }): ReactNode {
  if (person.state === 'invited') return <Badge tone="late">invited</Badge>
  if (person.state === 'locked') return <Badge tone="bad">locked</Badge>
  return person.factors > 0 ? (
    `active, ${person.factors} factor${person.factors === 1 ? '' : 's'}`
  ) : (
    <Badge tone="late">no factor yet</Badge>
  )
}
