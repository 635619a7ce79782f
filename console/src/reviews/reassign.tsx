import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Loading } from '../ui/page.tsx'
import type { ReviewItem } from './reviews-api.ts'

const route = getRouteApi('/signed-in/reviews/$id')

/** Hands a row to another reviewer with a note; nobody reviews themselves. */
export function Reassign({ item }: { readonly item: ReviewItem }): ReactNode {
  const dialog = useDialog()
  return (
    <DialogButton
      dialog={dialog}
      words="Hand on"
      title="Hand the row to somebody else"
      weight="quiet"
      aria-label={`Hand on: ${item.subject?.name ?? item.grant.kind}`}
    >
      <ReassignForm item={item} onDone={dialog.close} />
    </DialogButton>
  )
}

function ReassignForm({
  item,
  onDone,
}: {
  readonly item: ReviewItem
  readonly onDone: () => void
}): ReactNode {
  const { id } = route.useParams()
  const [chosen, setChosen] = useState('')
  const [note, setNote] = useState('')
  const queries = useQueryClient()
  const { data, error } = useQuery({
    queryKey: ['reviewers', id, item.id],
    queryFn: ({ signal }) =>
      call(
        'GET /api/access/reviews/:id/items/:item/reviewers',
        { params: { id, item: item.id } },
        { signal },
      ),
  })
  const reviewer = chosen === '' ? (data?.reviewers[0]?.id ?? '') : chosen
  const hand = useMutation({
    mutationFn: () =>
      call('POST /api/access/reviews/items/:id/reassign', {
        params: { id: item.id },
        body: { reviewer, note: note.trim() },
      }),
    onSuccess: async () => {
      onDone()
      announce('Handed on')
      await queries.invalidateQueries({ queryKey: ['review', id] })
    },
  })
  if (error !== null) return <ProblemNotice error={error} focus />
  if (data === undefined) return <Loading what="the reviewers" />
  if (data.reviewers.length === 0) return <p>Nobody else can review this row.</p>
  return (
    <Form error={hand.error} onSubmit={hand.mutate}>
      <Choice
        label="Reviewer"
        choices={Object.fromEntries(data.reviewers.map((one) => [one.id, one.name]))}
        value={reviewer}
        onChoose={setChosen}
      />
      <TextField
        label="Note"
        required
        minLength={3}
        maxLength={500}
        value={note}
        onChange={(event) => {
          setNote(event.currentTarget.value)
        }}
      />
      <Button type="submit" weight="primary" busy={hand.isPending}>
        Hand on
      </Button>
    </Form>
  )
}
