import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { Factor } from '../contract/access.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { CodeField } from './code-field.tsx'

/** Removes a second factor; asks for a fresh code, since whoever finds an open screen must not weaken the account. */
export function RemoveFactor({ factor }: { readonly factor: Factor }): ReactNode {
  const [open, setOpen] = useState(false)
  const [code, setCode] = useState('')
  const queries = useQueryClient()
  const close = (): void => {
    setOpen(false)
    setCode('')
    remove.reset()
  }
  const remove = useMutation({
    mutationFn: () =>
      call('POST /api/access/factors/:id/remove', { params: { id: factor.id }, body: { code } }),
    onSuccess: async () => {
      close()
      announce(`“${factor.label}” was removed`)
      await queries.invalidateQueries({ queryKey: ['factors'] })
    },
    onError: () => {
      setCode('')
    },
  })
  return (
    <>
      <Button
        weight="danger"
        aria-label={`Remove factor ${factor.label}`}
        onClick={() => {
          setOpen(true)
        }}
      >
        Remove
      </Button>
      <Dialog open={open} onClose={close} title={`Remove ${factor.label}`}>
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            remove.mutate()
          }}
        >
          <p>Codes of this factor are refused from then on, and your other sessions end.</p>
          {remove.isError && <ProblemNotice error={remove.error} focus />}
          <CodeField value={code} onChange={setCode} />
          <Button type="submit" weight="danger" busy={remove.isPending} disabled={code.length !== 6}>
            Remove factor
          </Button>
        </form>
      </Dialog>
    </>
  )
}
