import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { regionsQuery, sandboxesQuery } from './recovery-api.ts'

const TARGETS = { latest: 'the newest moment', moment: 'a moment of the past' }

/** Restores a moment into a database of its own; the newest one with one click. Policy 3.2-d. */
export function NewSandbox(): ReactNode {
  const dialog = useDialog()
  return (
    <DialogButton dialog={dialog} words="Restore for a look" weight="primary">
      <SandboxForm onDone={dialog.close} />
    </DialogButton>
  )
}

function SandboxForm({ onDone }: { readonly onDone: () => void }): ReactNode {
  const [target, setTarget] = useState<keyof typeof TARGETS>('latest')
  const [moment, setMoment] = useState('')
  const [region, setRegion] = useState('')
  const regions = useQuery(regionsQuery)
  const queries = useQueryClient()
  const ask = useMutation({
    mutationFn: () =>
      call('POST /api/recovery/sandboxes', {
        body: {
          at: target === 'latest' ? 'latest' : new Date(moment).toISOString(),
          ...(region === '' ? {} : { region }),
        },
      }),
    onSuccess: async () => {
      announce('The restore has begun')
      onDone()
      await queries.invalidateQueries({ queryKey: sandboxesQuery.queryKey })
    },
  })
  const names = regions.data?.regions.map((one) => [one.region, one.region] as const) ?? []
  return (
    <Form error={ask.error} onSubmit={ask.mutate}>
      <Choice label="What" choices={TARGETS} value={target} onChoose={setTarget} />
      {target === 'moment' && (
        <TextField
          label="Moment"
          hint="In the time of this device."
          type="datetime-local"
          step={1}
          required
          value={moment}
          onChange={(event) => {
            setMoment(event.currentTarget.value)
          }}
        />
      )}
      <Choice
        label="From"
        choices={{ '': 'whichever region answers', ...Object.fromEntries(names) }}
        value={region}
        onChoose={setRegion}
      />
      <p className="text-muted">
        It becomes a database of its own on this machine, which only the operator’s account can reach; erased
        people stay erased. It is removed after a day, or before by you. The live database is not touched.
      </p>
      <div>
        <Button type="submit" weight="primary" busy={ask.isPending}>
          Restore
        </Button>
      </div>
    </Form>
  )
}
