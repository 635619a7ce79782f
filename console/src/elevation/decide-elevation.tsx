import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { TextArea } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { elevationsQuery, wordsOf, type Elevation } from './elevations.ts'

/** What somebody decides about an elevation. */
type Act = 'approve' | 'deny' | 'review'

const WORDS = {
  approve: { button: 'Approve', title: 'Approve the elevation', label: 'Note', done: 'Approved' },
  deny: { button: 'Deny', title: 'Deny the elevation', label: 'Reason', done: 'Denied' },
  review: { button: 'Review', title: 'Review the emergency', label: 'What you found', done: 'Reviewed' },
} as const

/** A button that opens one decision about somebody else's elevation; a fresh factor is asked for where needed. */
export function DecideElevation({ of, act }: { readonly of: Elevation; readonly act: Act }): ReactNode {
  const [note, setNote] = useState('')
  const queries = useQueryClient()
  const words = WORDS[act]
  const dialog = useDialog(() => {
    setNote('')
  })
  const decide = useMutation({
    mutationFn: async () => {
      const params = { id: of.id }
      const text = note.trim()
      if (act === 'approve')
        await call('POST /api/access/elevations/:id/approve', {
          params,
          body: { note: text === '' ? null : text },
        })
      else if (act === 'deny')
        await call('POST /api/access/elevations/:id/deny', { params, body: { reason: text } })
      else await call('POST /api/access/elevations/:id/review', { params, body: { note: text } })
    },
    onSuccess: async () => {
      dialog.close()
      announce(words.done)
      await queries.invalidateQueries({ queryKey: elevationsQuery.queryKey })
    },
  })
  return (
    <DialogButton
      dialog={dialog}
      words={words.button}
      title={words.title}
      weight={act === 'deny' ? 'danger' : 'plain'}
      aria-label={`${words.button}: ${of.name}`}
    >
      <Form
        intro={
          <>
            <p>
              <strong>{of.name}</strong>: {wordsOf(of.permissions)}, {of.minutes} minutes
            </p>
            <blockquote className="border-l-2 border-edge/60 pl-3 wrap-anywhere">{of.reason}</blockquote>
          </>
        }
        error={decide.error}
        onSubmit={decide.mutate}
      >
        <TextArea
          label={words.label}
          hint={act === 'approve' ? 'You may leave it empty.' : 'At least 10 characters.'}
          required={act !== 'approve'}
          minLength={act === 'approve' ? 0 : 10}
          maxLength={500}
          value={note}
          onChange={(event) => {
            setNote(event.currentTarget.value)
          }}
        />
        <Button type="submit" weight={act === 'deny' ? 'danger' : 'primary'} busy={decide.isPending}>
          {words.button}
        </Button>
      </Form>
    </DialogButton>
  )
}
