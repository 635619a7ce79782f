import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { Factor } from '../contract/access.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { factorName } from './factor-name.ts'
import { factorsQuery } from './factors-api.ts'

/** Removes a second factor; needs a fresh one, since whoever finds an open screen must not weaken the account. */
export function RemoveFactor({ factor }: { readonly factor: Factor }): ReactNode {
  const queries = useQueryClient()
  const name = factorName(factor)
  const dialog = useDialog(() => {
    remove.reset()
  })
  const remove = useMutation({
    mutationFn: async () => {
      if (factor.kind === 'sms') await call('POST /api/access/sms/remove', { body: { factorId: factor.id } })
      else await call('POST /api/access/factors/:id/remove', { params: { id: factor.id }, body: {} })
    },
    onSuccess: async () => {
      dialog.close()
      announce(`“${name}” was removed`)
      await queries.invalidateQueries({ queryKey: factorsQuery.queryKey })
    },
  })
  return (
    <DialogButton
      dialog={dialog}
      words="Remove"
      title={`Remove ${name}`}
      weight="danger"
      aria-label={`Remove factor ${name}`}
    >
      <div className="flex flex-col gap-4">
        <p>It is refused from then on, and your other sessions end.</p>
        {remove.isError && <ProblemNotice error={remove.error} focus />}
        <Button
          weight="danger"
          busy={remove.isPending}
          onClick={() => {
            remove.mutate()
          }}
        >
          Remove factor
        </Button>
      </div>
    </DialogButton>
  )
}
