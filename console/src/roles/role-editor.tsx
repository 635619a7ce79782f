import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { Permission } from '../../../platform/kernel/permission.ts'
import { call } from '../api.ts'
import { useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Ticks } from '../ui/ticks.tsx'
import { byGroup, jobsQuery, nameOfRole, rolesQuery, type PermissionRow, type Role } from './roles-api.ts'

/** Makes a role of the workspace, or changes one. Policy 3.2-a. */
export function RoleEditor({
  role,
  permissions,
}: {
  readonly role?: Role
  readonly permissions: readonly PermissionRow[]
}): ReactNode {
  const dialog = useDialog()
  return (
    <DialogButton
      dialog={dialog}
      words={role === undefined ? 'New role' : 'Edit'}
      title={role === undefined ? 'New role' : `Edit ${nameOfRole(role)}`}
      {...(role === undefined
        ? { weight: 'primary' as const, icon: 'plus' as const }
        : { 'aria-label': `Edit ${nameOfRole(role)}` })}
    >
      <RoleForm role={role} permissions={permissions} onDone={dialog.close} />
    </DialogButton>
  )
}

function RoleForm({
  role,
  permissions,
  onDone,
}: {
  readonly role: Role | undefined
  readonly permissions: readonly PermissionRow[]
  readonly onDone: () => void
}): ReactNode {
  const me = useMe()
  const queries = useQueryClient()
  const [name, setName] = useState(role?.name ?? '')
  const [chosen, setChosen] = useState<readonly Permission[]>(role?.permissions ?? [])
  const [jobs, setJobs] = useState<readonly string[]>(role?.jobFunctions ?? [])
  const { data: known } = useQuery(jobsQuery)
  const save = useMutation({
    mutationFn: async () => {
      const body = { name: name.trim(), permissions: [...chosen], jobFunctions: [...jobs] }
      if (role === undefined) await call('POST /api/access/roles', { body })
      else await call('PUT /api/access/roles/:id', { params: { id: role.id }, body })
    },
    onSuccess: async () => {
      onDone()
      announce('Saved; it holds everywhere within a second')
      await queries.invalidateQueries({ queryKey: rolesQuery.queryKey })
    },
  })
  const held = role?.permissions ?? []
  const offered = permissions.filter(
    (one) => one.assignable && (me.permissions.includes(one.name) || held.includes(one.name)),
  )
  return (
    <Form error={save.error} onSubmit={save.mutate}>
      <TextField
        label="Name"
        required
        maxLength={60}
        value={name}
        onChange={(event) => {
          setName(event.currentTarget.value)
        }}
      />
      <Ticks
        legend="For which work"
        offered={(known?.jobFunctions ?? []).map((job) => ({ value: job.name, label: job.name }))}
        chosen={jobs}
        onChoose={setJobs}
      />
      {byGroup(offered).map(([group, rows]) => (
        <Ticks
          key={group}
          legend={group}
          offered={rows.map((one) => ({
            value: one.name,
            label: one.says,
            hint: <code className="font-mono">{one.name}</code>,
          }))}
          chosen={chosen}
          onChoose={setChosen}
        />
      ))}
      <p className="text-sm text-muted">You can give only what you hold yourself.</p>
      <Button
        type="submit"
        weight="primary"
        busy={save.isPending}
        disabled={chosen.length === 0 || jobs.length === 0}
      >
        Save the role
      </Button>
    </Form>
  )
}
