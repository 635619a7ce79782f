import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { HOLD_REASONS } from './hold-reasons.ts'
import { holdsQuery } from './recovery-api.ts'

/** Keeps the backups of a span beyond their age, for a case. Policy 6.1-e. */
export function NewHold(): ReactNode {
  const dialog = useDialog()
  return (
    <DialogButton dialog={dialog} words="Hold backups" icon="plus">
      <HoldForm onDone={dialog.close} />
    </DialogButton>
  )
}

function HoldForm({ onDone }: { readonly onDone: () => void }): ReactNode {
  const [reason, setReason] = useState<keyof typeof HOLD_REASONS>('litigation')
  const [reference, setReference] = useState('')
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const queries = useQueryClient()
  const place = useMutation({
    mutationFn: () =>
      call('POST /api/recovery/holds', {
        body: {
          reason,
          reference: reference.trim(),
          from: new Date(from).toISOString() as never,
          to: (to === '' ? null : endOfDay(to)) as never,
        },
      }),
    onSuccess: async () => {
      announce(`${reference.trim()} is held`)
      onDone()
      await queries.invalidateQueries({ queryKey: holdsQuery.queryKey })
    },
  })
  return (
    <Form error={place.error} onSubmit={place.mutate}>
      <Choice label="Why" choices={HOLD_REASONS} value={reason} onChoose={setReason} />
      <TextField
        label="Number of the case"
        hint="Letters, digits and . / _ - only: no name of a person."
        required
        maxLength={60}
        pattern="[0-9A-Za-z][0-9A-Za-z.\/_\-]{0,59}"
        spellCheck={false}
        value={reference}
        onChange={(event) => {
          setReference(event.currentTarget.value)
        }}
      />
      <TextField
        label="Backups from"
        type="date"
        required
        value={from}
        onChange={(event) => {
          setFrom(event.currentTarget.value)
        }}
      />
      <TextField
        label="To"
        hint="Left empty, every later backup is held as well."
        type="date"
        min={from}
        value={to}
        onChange={(event) => {
          setTo(event.currentTarget.value)
        }}
      />
      <p className="text-muted">
        Nobody can remove these backups until the hold is let go, not even when their age is over. What was
        erased on request stays unreadable in them.
      </p>
      <div>
        <Button type="submit" weight="primary" busy={place.isPending}>
          Hold them
        </Button>
      </div>
    </Form>
  )
}

/** The last moment of a day of UTC. */
function endOfDay(day: string): string {
  return `${day}T23:59:59.999Z`
}
