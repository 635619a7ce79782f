import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { Permission } from '../../../platform/kernel/permission.ts'
import { call, type Reply } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { dutiesQuery, type PermissionRow } from './roles-api.ts'

type Duty = Reply<'GET /api/access/duties'>['rules'][number]

/** Pairs of permissions that nobody holds together. Policy 3.2-a. */
export function Duties({
  permissions,
  mayEdit,
}: {
  readonly permissions: readonly PermissionRow[]
  readonly mayEdit: boolean
}): ReactNode {
  const duties = useQuery(dutiesQuery)
  return (
    <Section
      title="Duties kept apart"
      lead="Nobody holds both at once: not by a role, not by a grant, not by an elevation."
      aside={mayEdit && <NewDuty permissions={permissions} />}
    >
      <Loaded query={duties} what="the rules">
        {(data) => <DutyTable rows={data.rules} mayEdit={mayEdit} />}
      </Loaded>
    </Section>
  )
}

function DutyTable({
  rows,
  mayEdit,
}: {
  readonly rows: readonly Duty[]
  readonly mayEdit: boolean
}): ReactNode {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: (id: string) => call('DELETE /api/access/duties/:id', { params: { id } }),
    onSuccess: async () => {
      announce('The rule was removed')
      await queries.invalidateQueries({ queryKey: dutiesQuery.queryKey })
    },
  })
  return (
    <>
      {remove.isError && <ProblemNotice error={remove.error} focus />}
      <Table label="Duties kept apart" columns={['Rule', 'One', 'Other', 'Act']}>
        {rows.map((rule) => (
          <Row key={rule.id}>
            <Cell of="Rule">{rule.name}</Cell>
            <Cell of="One">
              <code className="font-mono text-sm whitespace-nowrap">{rule.one}</code>
            </Cell>
            <Cell of="Other">
              <code className="font-mono text-sm whitespace-nowrap">{rule.other}</code>
            </Cell>
            <Cell of="Act" end>
              {rule.own ? (
                mayEdit && (
                  <Button
                    weight="danger"
                    aria-label={`Remove rule ${rule.name}`}
                    busy={remove.isPending && remove.variables === rule.id}
                    onClick={() => {
                      remove.mutate(rule.id)
                    }}
                  >
                    Remove
                  </Button>
                )
              ) : (
                <Badge>everywhere</Badge>
              )}
            </Cell>
          </Row>
        ))}
      </Table>
    </>
  )
}

function NewDuty({ permissions }: { readonly permissions: readonly PermissionRow[] }): ReactNode {
  const dialog = useDialog()
  const [name, setName] = useState('')
  const [one, setOne] = useState<Permission>('people.edit')
  const [other, setOther] = useState<Permission>('audit.read')
  const queries = useQueryClient()
  const choices = Object.fromEntries(
    permissions.filter(({ assignable }) => assignable).map((each) => [each.name, each.says]),
  ) as Record<Permission, string>
  const make = useMutation({
    mutationFn: () =>
      call('POST /api/access/duties', { body: { name: name.trim(), permissions: [one, other] } }),
    onSuccess: async () => {
      dialog.close()
      announce('The rule is in force')
      await queries.invalidateQueries({ queryKey: dutiesQuery.queryKey })
    },
  })
  return (
    <DialogButton dialog={dialog} words="Keep two duties apart" icon="plus">
      <Form error={make.error} onSubmit={make.mutate}>
        <TextField
          label="Rule"
          hint="In words that somebody understands who meets it"
          required
          maxLength={60}
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value)
          }}
        />
        <Choice label="One" choices={choices} value={one} onChoose={setOne} />
        <Choice label="Other" choices={choices} value={other} onChoose={setOther} />
        <Button type="submit" weight="primary" busy={make.isPending} disabled={one === other}>
          Keep them apart
        </Button>
      </Form>
    </DialogButton>
  )
}
