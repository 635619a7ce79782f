import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { nameOfRole, rolesQuery } from '../roles/roles-api.ts'
import { announce } from '../ui/announce.tsx'
import { Choice } from '../ui/field.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { directoryQuery, type Directory } from './provisioning-api.ts'

/** Which role the members of a group of the directory are given. Policy 3.2-a. */
export function Groups({ groups }: { readonly groups: Directory['groups'] }): ReactNode {
  const queries = useQueryClient()
  const { data } = useQuery(rolesQuery)
  const set = useMutation({
    mutationFn: ({ id, role }: { id: string; role: string }) =>
      call('POST /api/access/directory/groups/:id/role', {
        params: { id },
        body: { role: role === '' ? null : role },
      }),
    onSuccess: async () => {
      announce('Members of the group have this role now')
      await queries.invalidateQueries({ queryKey: directoryQuery.queryKey })
    },
  })
  const choices: Readonly<Record<string, string>> = {
    '': 'No role by this group',
    ...Object.fromEntries(
      (data?.roles ?? []).filter(({ id }) => id !== 'owner').map((role) => [role.id, nameOfRole(role)]),
    ),
  }
  return (
    <Section title="Groups" lead="Groups come from the directory; here you say which role each one gives.">
      {set.isError && <ProblemNotice error={set.error} focus />}
      {groups.length === 0 ? (
        <Empty title="No group yet">Your directory pushes groups once it is connected.</Empty>
      ) : (
        <Table label="Groups" columns={['Group', 'Members', 'Role']}>
          {groups.map((group) => (
            <Row key={group.id}>
              <Cell of="Group">{group.name}</Cell>
              <Cell of="Members">{group.members}</Cell>
              <Cell of="Role">
                <Choice
                  quiet
                  label={`Role of ${group.name}`}
                  choices={choices}
                  value={(group.role ?? '') as string}
                  disabled={set.isPending}
                  onChoose={(role) => {
                    set.mutate({ id: group.id, role })
                  }}
                />
              </Cell>
            </Row>
          ))}
        </Table>
      )}
    </Section>
  )
}
