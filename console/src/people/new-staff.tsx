import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { StaffRole } from '../../../platform/kernel/permission.ts'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Empty } from '../ui/page.tsx'
import { peopleQuery, staffQuery, type StaffMember } from './people-api.ts'
import { STAFF_ROLES } from './staff-roles.ts'

/** Gives a member of this workspace a role among the provider's staff; only while elevated. Policy 3.2-d. */
export function NewStaff({ staff }: { readonly staff: readonly StaffMember[] }): ReactNode {
  const dialog = useDialog()
  return (
    <DialogButton dialog={dialog} words="Give a staff role" icon="plus">
      <NewStaffForm staff={staff} onDone={dialog.close} />
    </DialogButton>
  )
}

function NewStaffForm({
  staff,
  onDone,
}: {
  readonly staff: readonly StaffMember[]
  readonly onDone: () => void
}): ReactNode {
  const queries = useQueryClient()
  const { data } = useQuery(peopleQuery)
  const held = new Set(staff.map(({ id }) => id))
  const members = (data?.members ?? []).filter(({ id, suspendedAt }) => !held.has(id) && suspendedAt === null)
  const [chosen, setChosen] = useState('')
  const [role, setRole] = useState<StaffRole>('staff-auditor')
  const account = chosen === '' ? members[0]?.id : chosen
  const give = useMutation({
    mutationFn: (id: string) => call('POST /api/people/staff/:id', { params: { id }, body: { role } }),
    onSuccess: async () => {
      onDone()
      announce(`Staff role: ${STAFF_ROLES[role]}`)
      await queries.invalidateQueries({ queryKey: staffQuery.queryKey })
    },
  })
  if (account === undefined)
    return <Empty title="Nobody to choose">Invite the person into this workspace first.</Empty>
  return (
    <Form
      error={give.error}
      onSubmit={() => {
        give.mutate(account)
      }}
    >
      <Choice
        label="Person"
        hint="Members of the present workspace."
        choices={Object.fromEntries(members.map(({ id, name, email }) => [id, `${name}, ${email}`]))}
        value={account}
        onChoose={setChosen}
      />
      <Choice label="Staff role" choices={STAFF_ROLES} value={role} onChoose={setRole} />
      <Button type="submit" weight="primary" busy={give.isPending}>
        Give the role
      </Button>
    </Form>
  )
}
