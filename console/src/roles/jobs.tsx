import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { BuiltInRole } from '../../../platform/kernel/permission.ts'
import { call, type Reply } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { Ticks } from '../ui/ticks.tsx'
import { BUILT_IN_ROLES, jobsQuery } from './roles-api.ts'

type Job = Reply<'GET /api/access/job-functions'>['jobFunctions'][number]

/** The kinds of work in the workspace, and which role may be given for each. Policy 3.2-a. */
export function Jobs({ mayEdit }: { readonly mayEdit: boolean }): ReactNode {
  const jobs = useQuery(jobsQuery)
  return (
    <Section
      title="Kinds of work"
      lead="The map from what people do to the roles that they may be given for it."
      aside={mayEdit && <JobEditor />}
    >
      <Loaded query={jobs} what="the kinds of work">
        {(data) => <JobTable rows={data.jobFunctions} mayEdit={mayEdit} />}
      </Loaded>
    </Section>
  )
}

function JobTable({
  rows,
  mayEdit,
}: {
  readonly rows: readonly Job[]
  readonly mayEdit: boolean
}): ReactNode {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: (name: string) => call('POST /api/access/job-functions/remove', { body: { name } }),
    onSuccess: async () => {
      announce('Removed')
      await queries.invalidateQueries({ queryKey: jobsQuery.queryKey })
    },
  })
  return (
    <>
      {remove.isError && <ProblemNotice error={remove.error} focus />}
      <Table label="Kinds of work" columns={['Work', 'Roles', 'Act']}>
        {rows.map((job) => (
          <Row key={job.name}>
            <Cell of="Work">{job.name}</Cell>
            <Cell of="Roles">
              {job.roles.length === 0
                ? 'own roles only'
                : job.roles.map((id) => BUILT_IN_ROLES[id]).join(', ')}
            </Cell>
            <Cell of="Act" end>
              {!job.own && <Badge>everywhere</Badge>}
              {job.own && mayEdit && (
                <Button
                  weight="danger"
                  aria-label={`Remove ${job.name}`}
                  busy={remove.isPending && remove.variables === job.name}
                  onClick={() => {
                    remove.mutate(job.name)
                  }}
                >
                  Remove
                </Button>
              )}
            </Cell>
          </Row>
        ))}
      </Table>
    </>
  )
}

function JobEditor(): ReactNode {
  const dialog = useDialog()
  const [name, setName] = useState('')
  const [roles, setRoles] = useState<readonly BuiltInRole[]>([])
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: () =>
      call('PUT /api/access/job-functions', { body: { name: name.trim(), roles: [...roles] } }),
    onSuccess: async () => {
      dialog.close()
      setName('')
      setRoles([])
      announce('Saved')
      await queries.invalidateQueries({ queryKey: jobsQuery.queryKey })
    },
  })
  return (
    <DialogButton dialog={dialog} words="Name a kind of work" icon="plus">
      <Form error={save.error} onSubmit={save.mutate}>
        <TextField
          label="Work"
          hint="Such as Support or Accounting; one that is there already is changed"
          required
          maxLength={60}
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value)
          }}
        />
        <Ticks
          legend="Roles that may be given for it"
          offered={(Object.keys(BUILT_IN_ROLES) as BuiltInRole[]).map((role) => ({
            value: role,
            label: BUILT_IN_ROLES[role],
          }))}
          chosen={roles}
          onChoose={setRoles}
        />
        <Button type="submit" weight="primary" busy={save.isPending}>
          Save
        </Button>
      </Form>
    </DialogButton>
  )
}
