import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { calendarQuery, scheduleQuery } from './recovery-api.ts'

const KINDS = {
  '': 'what the schedule would make next',
  full: 'a full backup',
  incremental: 'an incremental one, added to the newest',
}

/** Has a backup made now, beside those of the schedule. Policy 6.1-a. */
export function BackupNow({ incremental }: { readonly incremental: boolean }): ReactNode {
  const [kind, setKind] = useState<keyof typeof KINDS>('')
  const queries = useQueryClient()
  const make = useMutation({
    mutationFn: () => call('POST /api/recovery/backups', { body: kind === '' ? {} : { kind } }),
    onMutate: () => {
      // It runs for as long as it takes: the page shows it meanwhile.
      window.setTimeout(() => {
        void queries.invalidateQueries({ queryKey: scheduleQuery.queryKey })
      }, 1500)
    },
    onSuccess: async () => {
      announce('The backup is made')
      dialog.close()
      await queries.invalidateQueries({ queryKey: calendarQuery.queryKey })
      await queries.invalidateQueries({ queryKey: scheduleQuery.queryKey })
    },
  })
  const dialog = useDialog(() => {
    if (!make.isPending) make.reset()
  })
  const { incremental: words, ...full } = KINDS
  return (
    <DialogButton dialog={dialog} words="Back up now" weight="primary">
      <Form error={make.error} onSubmit={make.mutate}>
        <Choice
          label="Make"
          choices={
            incremental ? { ...full, incremental: words } : { ...full, incremental: `${words} (not here)` }
          }
          value={kind}
          onChoose={setKind}
        />
        <p className="text-muted">
          It is made while everything goes on, and kept as long as every other. You may close this; its
          progress stands on the page.
        </p>
        <div>
          <Button type="submit" weight="primary" busy={make.isPending}>
            Make the backup
          </Button>
        </div>
      </Form>
    </DialogButton>
  )
}
