import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { factorsQuery } from './factors-api.ts'

/** Gives a second factor another name. */
export function RenameFactor({ id, name }: { readonly id: string; readonly name: string }): ReactNode {
  const [typed, setTyped] = useState<string | null>(null)
  const dialog = useDialog(() => {
    setTyped(null)
  })
  const label = typed ?? name
  const queries = useQueryClient()
  const rename = useMutation({
    mutationFn: () =>
      call('POST /api/access/factors/:id/rename', { params: { id }, body: { label: label.trim() } }),
    onSuccess: async () => {
      dialog.close()
      announce('Renamed')
      await queries.invalidateQueries({ queryKey: factorsQuery.queryKey })
    },
  })
  return (
    <DialogButton
      dialog={dialog}
      words="Rename"
      title="Rename the factor"
      weight="quiet"
      aria-label={`Rename factor ${name}`}
    >
      <Form error={rename.error} onSubmit={rename.mutate}>
        <TextField
          label="Name"
          required
          maxLength={60}
          value={label}
          onChange={(event) => {
            setTyped(event.currentTarget.value)
          }}
        />
        <Button type="submit" weight="primary" busy={rename.isPending}>
          Rename
        </Button>
      </Form>
    </DialogButton>
  )
}
