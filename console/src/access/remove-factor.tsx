import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { Factor } from '../contract/access.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { factorName } from './factor-name.ts'

/** Removes a second factor; needs a fresh one, since whoever finds an open screen must not weaken the account. */
export function RemoveFactor({ factor }: { readonly factor: Factor }): ReactNode {
  const [open, setOpen] = useState(false)
  const queries = useQueryClient()
  const name = factorName(factor)
  const close = (): void => {
    setOpen(false)
    remove.reset()
  }
  const remove = useMutation({
    mutationFn: async () => {
      if (factor.kind === 'sms') await call('POST /api/access/sms/remove', { body: { factorId: factor.id } })
      else await call('POST /api/access/factors/:id/remove', { params: { id: factor.id }, body: {} })
    },
    onSuccess: async () => {
      close()
      announce(`“${name}” was removed`)
      await queries.invalidateQueries({ queryKey: ['factors'] })
    },
  })
  return (
    <>
      <Button
        weight="danger"
        aria-label={`Remove factor ${name}`}
        onClick={() => {
          setOpen(true)
        }}
      >
        Remove
      </Button>
      <Dialog open={open} onClose={close} title={`Remove ${name}`}>
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
      </Dialog>
    </>
  )
}
