import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call, type Reply } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { exact } from '../ui/moment.tsx'
import { keysQuery, ownKeysQuery, type ApiKeyRow } from './keys-api.ts'
import { OnceShown } from './once-shown.tsx'

type Rotated = Reply<'POST /api/api-keys/:id/rotate'>

const OVERLAPS = { '0': 'not at all', '1': '1 hour', '24': '1 day', '168': '7 days' } as const
const LIVES = { '30': '30 days', '90': '90 days', '365': '1 year' } as const

/** Makes a key in the place of another one, which stays good for a while so that nothing stops. Policy 4.3-a.2. */
export function RotateKey({ of }: { readonly of: ApiKeyRow }): ReactNode {
  const queries = useQueryClient()
  const [made, setMade] = useState<Rotated | null>(null)
  const dialog = useDialog(() => {
    setMade(null)
    void queries.invalidateQueries({ queryKey: keysQuery.queryKey })
    void queries.invalidateQueries({ queryKey: ownKeysQuery.queryKey })
  })
  return (
    <DialogButton
      dialog={dialog}
      words="Replace"
      title={`Replace ${of.label}`}
      aria-label={`Replace key ${of.label}, ${of.hint}`}
      lasting={made !== null}
    >
      {made === null ? (
        <RotateForm id={of.id} onMade={setMade} />
      ) : (
        <OnceShown what="API key" secret={made.key} onDone={dialog.close}>
          This key is shown only now. The old one, {of.hint}…, is good until {exact(made.oldUntil)}.
        </OnceShown>
      )}
    </DialogButton>
  )
}

function RotateForm({
  id,
  onMade,
}: {
  readonly id: string
  readonly onMade: (made: Rotated) => void
}): ReactNode {
  const [overlap, setOverlap] = useState<keyof typeof OVERLAPS>('24')
  const [days, setDays] = useState<keyof typeof LIVES>('90')
  const rotate = useMutation({
    mutationFn: () =>
      call('POST /api/api-keys/:id/rotate', {
        params: { id },
        body: { overlapHours: Number(overlap), expiresInDays: Number(days) },
      }),
    onSuccess: onMade,
  })
  return (
    <Form error={rotate.error} onSubmit={rotate.mutate}>
      <p>The new key has the same scopes, and is yours.</p>
      <Choice label="The old key is good for" choices={OVERLAPS} value={overlap} onChoose={setOverlap} />
      <Choice label="The new key ends after" choices={LIVES} value={days} onChoose={setDays} />
      <Button type="submit" weight="primary" busy={rotate.isPending}>
        Make the new key
      </Button>
    </Form>
  )
}
