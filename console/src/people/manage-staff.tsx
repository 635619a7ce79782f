import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { StaffRole } from '../../../platform/kernel/permission.ts'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Departed } from './end-membership.tsx'
import { staffQuery, type StaffMember } from './people-api.ts'
import { STAFF_ROLES } from './staff-roles.ts'

const CHOICES = { ...STAFF_ROLES, none: 'No role any more' } as const

/** Changes or ends the role of somebody of the staff; only while elevated. Policy 3.2-d. */
export function ManageStaff({
  of,
  staff,
}: {
  readonly of: StaffMember
  readonly staff: readonly StaffMember[]
}): ReactNode {
  const [leaving, setLeaving] = useState(false)
  const dialog = useDialog(() => {
    setLeaving(false)
  })
  return (
    <DialogButton
      dialog={dialog}
      words="Manage"
      title={leaving ? `${of.name} leaves` : of.name}
      aria-label={`Manage ${of.name} of the staff`}
    >
      {leaving ? (
        <StaffLeaves
          of={of}
          staff={staff}
          onBack={() => {
            setLeaving(false)
          }}
          onDone={dialog.close}
        />
      ) : (
        <div className="flex flex-col gap-6">
          <StaffRoleForm of={of} onDone={dialog.close} />
          <Button
            weight="danger"
            className="self-start"
            onClick={() => {
              setLeaving(true)
            }}
          >
            Leaves for good
          </Button>
        </div>
      )}
    </DialogButton>
  )
}

function StaffRoleForm({ of, onDone }: { readonly of: StaffMember; readonly onDone: () => void }): ReactNode {
  const queries = useQueryClient()
  const [role, setRole] = useState<StaffRole | 'none'>(of.role)
  const change = useMutation({
    mutationFn: () =>
      call('POST /api/people/staff/:id', {
        params: { id: of.id },
        body: { role: role === 'none' ? null : role },
      }),
    onSuccess: async () => {
      onDone()
      announce(`Staff role: ${CHOICES[role]}`)
      await queries.invalidateQueries({ queryKey: staffQuery.queryKey })
    },
  })
  return (
    <Form error={change.error} onSubmit={change.mutate}>
      <Choice label="Staff role" choices={CHOICES} value={role} onChoose={setRole} />
      <Button
        type="submit"
        weight="primary"
        busy={change.isPending}
        disabled={role === of.role}
        className="self-start"
      >
        Save
      </Button>
    </Form>
  )
}

function StaffLeaves({
  of,
  staff,
  onBack,
  onDone,
}: {
  readonly of: StaffMember
  readonly staff: readonly StaffMember[]
  readonly onBack: () => void
  readonly onDone: () => void
}): ReactNode {
  const queries = useQueryClient()
  const [successor, setSuccessor] = useState('')
  const end = useMutation({
    mutationFn: () =>
      call('POST /api/access/staff/:id/terminate', {
        params: { id: of.id },
        body: successor === '' ? {} : { successor },
      }),
  })
  const finish = (): void => {
    onDone()
    void queries.invalidateQueries({ queryKey: staffQuery.queryKey })
  }
  if (end.data !== undefined) return <Departed of={end.data} onDone={finish} />
  const others = staff.filter(({ id }) => id !== of.id)
  return (
    <div className="flex flex-col gap-4">
      {end.isError && <ProblemNotice error={end.error} focus />}
      <p>
        Access is refused at once, in every workspace. Every session, key, token and program of theirs ends,
        and each of them is tried afterwards. The account is closed.
      </p>
      <Choice
        label="Who takes over"
        hint="What this person alone is responsible for goes to them."
        choices={{
          '': 'nobody in particular',
          ...Object.fromEntries(others.map(({ id, name }) => [id, name])),
        }}
        value={successor}
        onChoose={setSuccessor}
      />
      <div className="flex flex-wrap gap-2">
        <Button
          weight="danger"
          busy={end.isPending}
          onClick={() => {
            end.mutate()
          }}
        >
          End everything now
        </Button>
        <Button onClick={onBack}>Back</Button>
      </div>
    </div>
  )
}
