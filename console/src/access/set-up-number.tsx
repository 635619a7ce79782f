import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call, type Reply } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { CodeField } from './code-field.tsx'

/** A telephone number as a second factor: it counts once a code that was sent to it came back. Policy 3.1-b. */
export function SetUpNumber({
  onDone,
}: {
  readonly onDone: (reply: Reply<'POST /api/access/sms/confirm'>) => void
}): ReactNode {
  const [number, setNumber] = useState('')
  const [code, setCode] = useState('')
  const start = useMutation({
    mutationFn: () => call('POST /api/access/sms', { body: { number: number.trim() } }),
  })
  const confirm = useMutation({
    mutationFn: (factorId: string) => call('POST /api/access/sms/confirm', { body: { factorId, code } }),
    onSuccess: onDone,
    onError: () => {
      setCode('')
    },
  })
  const offer = start.data
  if (offer === undefined)
    return (
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          start.mutate()
        }}
      >
        <Notice tone="late">
          <strong>The weakest second factor</strong>
          <p>Messages can be intercepted and numbers taken over. An app or a key is safer.</p>
        </Notice>
        {start.isError && <ProblemNotice error={start.error} focus />}
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
      </form>
    )
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        confirm.mutate(offer.factorId)
      }}
    >
      {confirm.isError && <ProblemNotice error={confirm.error} focus />}
      <CodeField value={code} onChange={setCode} hint="Six digits from the message" />
      <Button type="submit" weight="primary" busy={confirm.isPending} disabled={code.length !== 6}>
        Confirm the number
      </Button>
    </form>
  )
}
