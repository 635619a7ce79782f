import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { TextField } from '../ui/field.tsx'
import { ProblemNotice } from '../ui/notice.tsx'

/** Gives a second factor another name. */
export function RenameFactor({ id, name }: { readonly id: string; readonly name: string }): ReactNode {
  const [open, setOpen] = useState(false)
  const [label, setLabel] = useState(name)
  const queries = useQueryClient()
  const rename = useMutation({
    mutationFn: () =>
      call('POST /api/access/factors/:id/rename', { params: { id }, body: { label: label.trim() } }),
    onSuccess: async () => {
      setOpen(false)
      announce('Renamed')
      await queries.invalidateQueries({ queryKey: ['factors'] })
    },
  })
  return (
    <>
      <Button
        weight="quiet"
        aria-label={`Rename factor ${name}`}
        onClick={() => {
          setLabel(name)
          setOpen(true)
        }}
      >
        Rename
      </Button>
      <Dialog
        open={open}
        onClose={() => {
          setOpen(false)
        }}
        title="Rename the factor"
      >
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            rename.mutate()
          }}
        >
          {rename.isError && <ProblemNotice error={rename.error} focus />}
          <TextField
            label="Name"
            required
            maxLength={60}
            value={label}
            onChange={(event) => {
              setLabel(event.currentTarget.value)
            }}
          />
          <Button type="submit" weight="primary" busy={rename.isPending}>
            Rename
          </Button>
        </form>
      </Dialog>
    </>
  )
}
