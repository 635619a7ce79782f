import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { TextArea, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { resetsQuery } from './resets-api.ts'

/** Asks for a reset; nothing happens before somebody else agrees. Policy 3.1-0. */
export function NewReset(): ReactNode {
  const dialog = useDialog()
  return (
    <DialogButton dialog={dialog} words="Ask for a reset" weight="primary" icon="plus">
      <ResetForm onDone={dialog.close} />
    </DialogButton>
  )
}

function ResetForm({ onDone }: { readonly onDone: () => void }): ReactNode {
  const queries = useQueryClient()
  const [email, setEmail] = useState('')
  const [reason, setReason] = useState('')
  const ask = useMutation({
    mutationFn: () =>
      call('POST /api/access/resets', { body: { email: email.trim(), reason: reason.trim() } }),
    onSuccess: async () => {
      onDone()
      announce('Asked; the person was told, and somebody else decides')
      await queries.invalidateQueries({ queryKey: resetsQuery.queryKey })
    },
  })
  return (
    <Form error={ask.error} onSubmit={ask.mutate}>
      <TextField
        label="E-mail"
        hint="Of the person whose second factors are to be reset"
        type="email"
        autoComplete="off"
        required
        value={email}
        onChange={(event) => {
          setEmail(event.currentTarget.value)
        }}
      />
      <TextArea
        label="Reason"
        hint="At least 10 characters: how you made sure that it is this person who asks."
        required
        minLength={10}
        maxLength={500}
        value={reason}
        onChange={(event) => {
          setReason(event.currentTarget.value)
        }}
      />
      <Button type="submit" weight="primary" busy={ask.isPending}>
        Ask for the reset
      </Button>
    </Form>
  )
}
