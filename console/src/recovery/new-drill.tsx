import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice, Tick } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { DRILL_TYPES } from './drill-words.ts'
import { drillsQuery } from './recovery-api.ts'

/** What can be begun from here: for lost keys somebody brings to the machine what lies in escrow. */
const { 'key-loss': _brought, ...CHOICES } = DRILL_TYPES

/** Begins a drill now, alone or as a game day that people sign. Policy 6.2-c. */
export function NewDrill(): ReactNode {
  const [type, setType] = useState<keyof typeof CHOICES>('restore')
  const [gameDay, setGameDay] = useState(false)
  const queries = useQueryClient()
  const begin = useMutation({
    mutationFn: () => call('POST /api/recovery/drills', { body: { type, gameDay } }),
    onSuccess: async () => {
      announce('The drill has begun')
      dialog.close()
      await queries.invalidateQueries({ queryKey: drillsQuery.queryKey })
    },
  })
  const dialog = useDialog(() => {
    begin.reset()
  })
  return (
    <DialogButton dialog={dialog} words="Rehearse now">
      <Form error={begin.error} onSubmit={begin.mutate}>
        <Choice label="What if" choices={CHOICES} value={type} onChoose={setType} />
        <p className="text-muted">
          Lost keys are rehearsed at the machine: <code>surety backup drill key-loss --escrow FOLDER</code>.
        </p>
        <Tick
          label="As a game day"
          hint="People take part and sign it afterwards."
          checked={gameDay}
          onChange={(event) => {
            setGameDay(event.currentTarget.checked)
          }}
        />
        <p className="text-muted">
          A backup is restored beside the live system, without mail and web hooks, and removed again. The live
          database is not touched; the machine works harder meanwhile.
        </p>
        <div>
          <Button type="submit" weight="primary" busy={begin.isPending}>
            Begin
          </Button>
        </div>
      </Form>
    </DialogButton>
  )
}
