import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { RoleEditor } from './role-editor.tsx'
import { nameOfRole, rolesQuery, type RolesReply } from './roles-api.ts'

/** The roles that can be given here, the work they are for and what they allow. */
export function RoleTable({
  of,
  mayEdit,
}: {
  readonly of: RolesReply
  readonly mayEdit: boolean
}): ReactNode {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: (id: string) => call('DELETE /api/access/roles/:id', { params: { id } }),
    onSuccess: async () => {
      announce('The role was removed')
      await queries.invalidateQueries({ queryKey: rolesQuery.queryKey })
    },
  })
  const says = new Map(of.permissions.map((one) => [one.name, one.says]))
  return (
    <Section title="Roles" lead="A role is given for the work that somebody does.">
      {remove.isError && <ProblemNotice error={remove.error} focus />}
      <Table label="Roles" columns={['Role', 'For', 'Allows', 'Held by', 'Act']}>
        {of.roles.map((role) => (
          <Row key={role.id}>
            <Cell of="Role">
              {nameOfRole(role)} {role.own && <Badge>own</Badge>}
            </Cell>
            <Cell of="For">
              {role.jobFunctions.length === 0 ? 'no work yet' : role.jobFunctions.join(', ')}
            </Cell>
            <Cell of="Allows">
              <details>
                <summary className="cursor-pointer py-1.5">{role.permissions.length} permissions</summary>
                <ul className="list-disc pl-5 text-left text-sm text-muted">
                  {role.permissions.map((one) => (
                    <li key={one}>{says.get(one) ?? one}</li>
                  ))}
                </ul>
              </details>
            </Cell>
            <Cell of="Held by">
              {role.members.length}
              {role.invitations > 0 && `, ${role.invitations} invited`}
            </Cell>
            <Cell of="Act" end>
              {mayEdit && role.own && (
                <span className="flex flex-wrap justify-end gap-2">
                  <RoleEditor role={role} permissions={of.permissions} />
                  <Button
                    weight="danger"
                    aria-label={`Remove ${nameOfRole(role)}`}
                    busy={remove.isPending && remove.variables === role.id}
                    onClick={() => {
                      remove.mutate(role.id)
                    }}
                  >
                    Remove
                  </Button>
                </span>
              )}
            </Cell>
          </Row>
        ))}
      </Table>
    </Section>
  )
}
