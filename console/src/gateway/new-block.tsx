import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice, TextArea, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { KINDS, type BlockSearch, type Kind } from './block-list-search.ts'

const TIMES = {
  '600': '10 minutes',
  '3600': '1 hour',
  '86400': '1 day',
  '604800': '7 days',
  '2592000': '30 days',
}
type Seconds = keyof typeof TIMES

const REASON_MIN = 10

/** Has somebody turned away, for a time and a reason; opens by itself when another page says whom. Policy 4.1-d. */
export function NewBlock({
  start,
  onClose,
  onDone,
}: {
  readonly start: BlockSearch
  readonly onClose: () => void
  readonly onDone: () => void
}): ReactNode {
  const dialog = useDialog(onClose, start.subject !== undefined)
  return (
    <DialogButton dialog={dialog} words="Block somebody" weight="primary" icon="plus">
      <BlockForm
        start={start}
        onDone={() => {
          dialog.close()
          onDone()
        }}
      />
    </DialogButton>
  )
}

function BlockForm({
  start,
  onDone,
}: {
  readonly start: BlockSearch
  readonly onDone: () => void
}): ReactNode {
  const [kind, setKind] = useState<Kind>(start.kind ?? 'network')
  const [subject, setSubject] = useState(start.subject ?? '')
  const [reason, setReason] = useState('')
  const [seconds, setSeconds] = useState<Seconds>('3600')
  const block = useMutation({
    mutationFn: () =>
      call('POST /api/gateway/block-list', {
        body: { kind, subject: subject.trim(), reason: reason.trim(), seconds: Number(seconds) },
      }),
    onSuccess: () => {
      announce(`${subject.trim()} is turned away`)
      onDone()
    },
  })
  const missing = REASON_MIN - reason.trim().length
  return (
    <Form error={block.error} onSubmit={block.mutate}>
      <Choice label="What" choices={KINDS} value={kind} onChoose={setKind} />
      <TextField
        label={kind === 'network' ? 'Address or range' : 'Its id'}
        hint={
          kind === 'network'
            ? 'Such as 192.0.2.7 or 192.0.2.0/24; nothing wider than /16 (IPv6: /32).'
            : 'As the audit log and the lists show it.'
        }
        required
        minLength={2}
        maxLength={64}
        spellCheck={false}
        value={subject}
        onChange={(event) => {
          setSubject(event.currentTarget.value)
        }}
      />
      <TextArea
        label="Reason"
        hint={
          missing > 0 && reason !== ''
            ? `For the audit log; ${missing} more ${missing === 1 ? 'character' : 'characters'}.`
            : 'For the audit log; at least 10 characters.'
        }
        required
        minLength={REASON_MIN}
        maxLength={500}
        value={reason}
        onChange={(event) => {
          setReason(event.currentTarget.value)
        }}
      />
      <Choice label="For" choices={TIMES} value={seconds} onChoose={setSeconds} />
      <p className="text-muted">
        All its requests are answered 403 from now on, and it is told nothing more. The block ends by itself
        and can be lifted at any time.
      </p>
      <div>
        <Button type="submit" weight="danger" busy={block.isPending}>
          Turn away
        </Button>
      </div>
    </Form>
  )
}
