import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { StaffRole } from '../../../platform/kernel/permission.ts'
import { call } from '../api.ts'
import { useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Choice } from '../ui/field.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Loading, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'

const NAMES: Readonly<Record<StaffRole | 'none', string>> = {
  administrator: 'Administrator',
  'security-officer': 'Security officer',
  'staff-auditor': 'Auditor of the provider',
  none: 'No role any more',
}

/** The provider's own staff; who gives roles cannot publish the policy, who publishes cannot give roles. */
export function Staff(): ReactNode {
  const me = useMe()
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: ['staff'],
    queryFn: ({ signal }) => call('GET /api/people/staff', {}, { signal }),
  })
  const change = useMutation({
    mutationFn: ({ id, role }: { id: string; role: StaffRole | 'none' }) =>
      call('POST /api/people/staff/:id', { params: { id }, body: { role: role === 'none' ? null : role } }),
    onSuccess: async (_, { role }) => {
      announce(`Staff role: ${NAMES[role]}`)
      await queries.invalidateQueries({ queryKey: ['staff'] })
    },
  })
  return (
    <Section title="Staff of the provider" lead="They run the platform; their role opens no workspace.">
      {error !== null && (
        <ProblemNotice
          error={error}
          retry={() => {
            void refetch()
          }}
        />
      )}
      {change.isError && <ProblemNotice error={change.error} focus />}
      {data === undefined ? (
        error === null && <Loading what="the staff" />
      ) : (
        <Table label="Staff of the provider" columns={['Name', 'Role']}>
          {data.staff.map((person) => (
            <Row key={person.id}>
              <Cell of="Name">
                <span className="block">{person.name}</span>
                <span className="block text-sm text-muted">{person.email}</span>
              </Cell>
              <Cell of="Role">
                {person.id === me.account?.id ? (
                  NAMES[person.role]
                ) : (
                  <Choice
                    quiet
                    label={`Staff role of ${person.name}`}
                    choices={NAMES}
                    value={person.role}
                    disabled={change.isPending}
                    onChoose={(role) => {
                      change.mutate({ id: person.id, role })
                    }}
                  />
                )}
              </Cell>
            </Row>
          ))}
        </Table>
      )}
    </Section>
  )
}
