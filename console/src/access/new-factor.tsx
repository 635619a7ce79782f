import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { useMay, useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { FactorSetup } from './factor-setup.tsx'
import { addKey, keysWork } from './keys.ts'
import { SetUpNumber } from './set-up-number.tsx'

type Kind = 'totp' | 'webauthn' | 'sms'

const KINDS: Readonly<Record<Kind, string>> = {
  webauthn: 'Security key or passkey',
  totp: 'Authenticator app',
  sms: 'Text messages',
}

/** Policy 3.1-b: text messages are not for staff and administrators; the server decides, nobody is led there in vain. */
function useKinds(): Readonly<Record<string, string>> {
  const me = useMe()
  const administers = useMay('people.edit')
  const { sms, ...safe } = KINDS
  return me.staffRole !== null || administers ? safe : { ...safe, sms }
}

/** Adds a further second factor; a fresh proof of a present one comes first. */
export function NewFactor(): ReactNode {
  const [open, setOpen] = useState(false)
  const [kind, setKind] = useState<Kind>(keysWork ? 'webauthn' : 'totp')
  const kinds = useKinds()
  const queries = useQueryClient()
  const close = (): void => {
    setOpen(false)
  }
  const done = (): void => {
    close()
    announce('The factor is set up; other sessions were ended')
    void queries.invalidateQueries({ queryKey: ['factors'] })
    void queries.invalidateQueries({ queryKey: ['sessions'] })
    void queries.invalidateQueries({ queryKey: ['activity'] })
  }
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
        <div className="flex flex-col gap-4">
          <Choice label="Kind" choices={kinds} value={kind} onChoose={setKind} />
          {kind === 'totp' && <NewApp onDone={done} />}
          {kind === 'webauthn' && <NewKey onDone={done} />}
          {kind === 'sms' && <SetUpNumber onDone={done} />}
        </div>
      </Dialog>
    </>
  )
}

function NameField({
  value,
  onChange,
}: {
  readonly value: string
  readonly onChange: (value: string) => void
}): ReactNode {
  return (
    <TextField
      label="Name"
      hint="Such as the device that it is on"
      required
      maxLength={60}
      value={value}
      onChange={(event) => {
        onChange(event.currentTarget.value)
      }}
    />
  )
}

function NewApp({ onDone }: { readonly onDone: () => void }): ReactNode {
  const [label, setLabel] = useState('')
  const add = useMutation({
    mutationFn: () => call('POST /api/access/factors', { body: { label: label.trim() } }),
  })
  const confirm = useMutation({
    mutationFn: (body: { factorId: string; code: string }) =>
      call('POST /api/access/factors/confirm', { body }),
    onSuccess: onDone,
  })
  if (add.data !== undefined)
    return (
      <FactorSetup
        offer={add.data}
        busy={confirm.isPending}
        error={confirm.error}
        onCode={(code) => {
          confirm.mutate({ factorId: add.data.factorId, code })
        }}
      />
    )
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      {add.isError && <ProblemNotice error={add.error} focus />}
      <NameField value={label} onChange={setLabel} />
      <Button type="submit" weight="primary" busy={add.isPending}>
        Continue
      </Button>
    </form>
  )
}

function NewKey({ onDone }: { readonly onDone: () => void }): ReactNode {
  const [label, setLabel] = useState('')
  const add = useMutation({ mutationFn: () => addKey(label.trim()), onSuccess: onDone })
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      {add.isError && <ProblemNotice error={add.error} focus />}
      <NameField value={label} onChange={setLabel} />
      <Button type="submit" weight="primary" busy={add.isPending}>
        Set up the key
      </Button>
    </form>
  )
}
