import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Notice } from '../ui/notice.tsx'
import { NewPassword } from './password-rules.tsx'

/** The way out of a password that was found in a breach: another one, before anything else. Policy 3.3-c. */
export function RenewPassword({ onDone }: { readonly onDone: () => void }): ReactNode {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const renew = useMutation({
    mutationFn: () => call('POST /api/access/password/renew', { body: { current, next } }),
    onSuccess: onDone,
  })
  return (
    <Form
      intro={
        <Notice tone="late">
          <strong>Your password is known from a breach</strong>
          <p>Somebody may know it. Choose another one to go on, and change it wherever else you use it.</p>
        </Notice>
      }
      error={renew.error}
      onSubmit={renew.mutate}
    >
      <TextField
        label="Present password"
        type="password"
        autoComplete="current-password"
        required
        autoFocus
        value={current}
        onChange={(event) => {
          setCurrent(event.currentTarget.value)
        }}
      />
      <NewPassword label="New password" value={next} onChange={setNext} />
      <Button type="submit" weight="primary" busy={renew.isPending}>
        Change and go on
      </Button>
    </Form>
  )
}
