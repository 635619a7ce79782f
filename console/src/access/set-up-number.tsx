import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call, type Reply } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Notice } from '../ui/notice.tsx'
import { CodeField } from './code-field.tsx'

/** Called with what the server said of a confirmed number. */
type Done = (reply: Reply<'POST /api/access/sms/confirm'>) => void

/** A telephone number as a second factor: it counts once a code that was sent to it came back. Policy 3.1-b. */
export function SetUpNumber({ onDone }: { readonly onDone: Done }): ReactNode {
  const [number, setNumber] = useState('')
  const start = useMutation({
    mutationFn: () => call('POST /api/access/sms', { body: { number: number.trim() } }),
  })
  if (start.data !== undefined) return <ConfirmNumber factorId={start.data.factorId} onDone={onDone} />
  return (
    <Form
      intro={
        <Notice tone="late">
          <strong>The weakest second factor</strong>
          <p>Messages can be intercepted and numbers taken over. An app or a key is safer.</p>
        </Notice>
      }
      error={start.error}
      onSubmit={start.mutate}
    >
      <TextField
        label="Telephone number"
        hint="With the country, such as +49 …"
        type="tel"
        autoComplete="tel"
        required
        maxLength={32}
        value={number}
        onChange={(event) => {
          setNumber(event.currentTarget.value)
        }}
      />
      <Button type="submit" weight="primary" busy={start.isPending}>
        Send a code
      </Button>
    </Form>
  )
}

function ConfirmNumber({
  factorId,
  onDone,
}: {
  readonly factorId: string
  readonly onDone: Done
}): ReactNode {
  const [code, setCode] = useState('')
  const confirm = useMutation({
    mutationFn: () => call('POST /api/access/sms/confirm', { body: { factorId, code } }),
    onSuccess: onDone,
    onError: () => {
      setCode('')
    },
  })
  return (
    <Form error={confirm.error} onSubmit={confirm.mutate}>
      <CodeField value={code} onChange={setCode} hint="Six digits from the message" />
      <Button type="submit" weight="primary" busy={confirm.isPending} disabled={code.length !== 6}>
        Confirm the number
      </Button>
    </Form>
  )
}
