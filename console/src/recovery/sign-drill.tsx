import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Ticks } from '../ui/ticks.tsx'
import { GAPS } from './drill-words.ts'
import { drillsQuery } from './recovery-api.ts'

type Gap = keyof typeof GAPS

const OFFERED = (Object.entries(GAPS) as [Gap, string][]).map(([value, label]) => ({ value, label }))

/** Signs a game day with the gaps that were found; who signs took part. Policy 6.2-c. */
export function SignDrill({ id }: { readonly id: string }): ReactNode {
  const [gaps, setGaps] = useState<readonly Gap[]>([])
  const [reference, setReference] = useState('')
  const queries = useQueryClient()
  const sign = useMutation({
    mutationFn: () =>
      call('POST /api/recovery/drills/:id/sign-off', {
        params: { id },
        body: { gaps: [...gaps], reference: reference.trim() === '' ? null : reference.trim() },
      }),
    onSuccess: async () => {
      announce('You have signed it')
      dialog.close()
      await queries.invalidateQueries({ queryKey: drillsQuery.queryKey })
    },
  })
  const dialog = useDialog(() => {
    sign.reset()
  })
  return (
    <DialogButton dialog={dialog} words="Sign the game day" weight="primary">
      <Form error={sign.error} onSubmit={sign.mutate}>
        <Ticks legend="Gaps that were found" offered={OFFERED} chosen={gaps} onChoose={setGaps} />
        <TextField
          label="Number of the case"
          hint="Where gaps are followed up; may stay empty."
          maxLength={60}
          pattern="[0-9A-Za-z][0-9A-Za-z.\/_\-]{0,59}"
          spellCheck={false}
          value={reference}
          onChange={(event) => {
            setReference(event.currentTarget.value)
          }}
        />
        <p className="text-muted">You sign that you took part. It cannot be taken back.</p>
        <div>
          <Button type="submit" weight="primary" busy={sign.isPending}>
            Sign
          </Button>
        </div>
      </Form>
    </DialogButton>
  )
}
