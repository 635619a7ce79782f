import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { Schedule } from '../contract/recovery.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { exact } from '../ui/moment.tsx'
import { PAUSE_REASONS } from './words.ts'
import { scheduleQuery } from './recovery-api.ts'

const TIMES = {
  '1800': '30 minutes',
  '3600': '1 hour',
  '14400': '4 hours',
  '86400': '1 day',
}

/** Keeps the schedule from making backups, for a reason and a time; the log is archived all the same. Policy 6.1-a. */
export function PauseBackups(): ReactNode {
  const [reason, setReason] = useState<keyof typeof PAUSE_REASONS>('maintenance')
  const [seconds, setSeconds] = useState<keyof typeof TIMES>('3600')
  const queries = useQueryClient()
  const pause = useMutation({
    mutationFn: () =>
      call('POST /api/recovery/schedule/pause', { body: { reason, seconds: Number(seconds) } }),
    onSuccess: async ({ until }) => {
      announce(`No backups until ${exact(until)}`)
      dialog.close()
      await queries.invalidateQueries({ queryKey: scheduleQuery.queryKey })
    },
  })
  const dialog = useDialog(() => {
    pause.reset()
  })
  return (
    <DialogButton dialog={dialog} words="Pause" title="Pause the schedule">
      <Form error={pause.error} onSubmit={pause.mutate}>
        <Choice label="Why" choices={PAUSE_REASONS} value={reason} onChoose={setReason} />
        <Choice label="For" choices={TIMES} value={seconds} onChoose={setSeconds} />
        <p className="text-muted">
          No full and no incremental backup begins until then; every change is still archived within seconds.
          The schedule goes on by itself, and you can let it go on at any time.
        </p>
        <div>
          <Button type="submit" weight="danger" busy={pause.isPending}>
            Pause the schedule
          </Button>
        </div>
      </Form>
    </DialogButton>
  )
}

/** Lets the schedule go on. */
export function ResumeBackups({ paused }: { readonly paused: NonNullable<Schedule['paused']> }): ReactNode {
  const queries = useQueryClient()
  const resume = useMutation({
    mutationFn: () => call('POST /api/recovery/schedule/resume'),
    onSuccess: async () => {
      announce('The schedule goes on')
      dialog.close()
      await queries.invalidateQueries({ queryKey: scheduleQuery.queryKey })
    },
  })
  const dialog = useDialog(() => {
    resume.reset()
  })
  return (
    <DialogButton dialog={dialog} words="Go on" title="Let the schedule go on" weight="primary">
      <Form error={resume.error} onSubmit={resume.mutate}>
        <p>
          It was paused for {PAUSE_REASONS[paused.reason as keyof typeof PAUSE_REASONS]} until{' '}
          {exact(paused.until)}. What is due is made within a minute.
        </p>
        <div>
          <Button type="submit" weight="primary" busy={resume.isPending}>
            Let it go on
          </Button>
        </div>
      </Form>
    </DialogButton>
  )
}
