import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { TextField } from '../ui/field.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { CodeField } from './code-field.tsx'
import { FactorSetup } from './factor-setup.tsx'

/** Adds a further second factor; a code of a present one comes first. */
export function NewFactor(): ReactNode {
  const [open, setOpen] = useState(false)
  const [label, setLabel] = useState('')
  const [code, setCode] = useState('')
  const queries = useQueryClient()
  const add = useMutation({
    mutationFn: () => call('POST /api/access/factors', { body: { label: label.trim(), code } }),
    onError: () => {
      setCode('')
    },
  })
  const close = (): void => {
    setOpen(false)
    setLabel('')
    setCode('')
    add.reset()
  }
  const confirm = useMutation({
    mutationFn: (body: { factorId: string; code: string }) =>
      call('POST /api/access/factors/confirm', { body }),
    onSuccess: async () => {
      close()
      announce('The factor is set up; other sessions were ended')
      await queries.invalidateQueries({ queryKey: ['factors'] })
    },
  })
  return (
    <>
      <Button
        icon="plus"
        onClick={() => {
          setOpen(true)
        }}
      >
        Add a factor
      </Button>
      <Dialog open={open} onClose={close} title="Add a second factor">
        {add.data === undefined ? (
          <form
            className="flex flex-col gap-4"
            onSubmit={(event) => {
              event.preventDefault()
              add.mutate()
            }}
          >
            {add.isError && <ProblemNotice error={add.error} focus />}
            <TextField
              label="Name"
              hint="Such as the device that it is on"
              required
              maxLength={60}
              value={label}
              onChange={(event) => {
                setLabel(event.currentTarget.value)
              }}
            />
            <CodeField value={code} onChange={setCode} label="Code of a present factor" />
            <Button type="submit" weight="primary" busy={add.isPending} disabled={code.length !== 6}>
              Continue
            </Button>
          </form>
        ) : (
          <FactorSetup
            offer={add.data}
            busy={confirm.isPending}
            error={confirm.error}
            onCode={(proof) => {
              confirm.mutate({ factorId: add.data.factorId, code: proof })
            }}
          />
        )}
      </Dialog>
    </>
  )
}
