import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { useMay, useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { FactorSetup } from './factor-setup.tsx'
import { factorsQuery } from './factors-api.ts'
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
  const dialog = useDialog()
  const [kind, setKind] = useState<Kind>(keysWork ? 'webauthn' : 'totp')
  const kinds = useKinds()
  const queries = useQueryClient()
  const done = (): void => {
    dialog.close()
    announce('The factor is set up; other sessions were ended')
    void queries.invalidateQueries({ queryKey: factorsQuery.queryKey })
    void queries.invalidateQueries({ queryKey: ['sessions'] })
    void queries.invalidateQueries({ queryKey: ['activity'] })
  }
  return (
    <DialogButton dialog={dialog} words="Add a factor" title="Add a second factor" icon="plus">
      <div className="flex flex-col gap-4">
        <Choice label="Kind" choices={kinds} value={kind} onChoose={setKind} />
        {kind === 'totp' && <NewApp onDone={done} />}
        {kind === 'webauthn' && <NewKey onDone={done} />}
        {kind === 'sms' && <SetUpNumber onDone={done} />}
      </div>
    </DialogButton>
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
    <Form error={add.error} onSubmit={add.mutate}>
      <NameField value={label} onChange={setLabel} />
      <Button type="submit" weight="primary" busy={add.isPending}>
        Continue
      </Button>
    </Form>
  )
}

function NewKey({ onDone }: { readonly onDone: () => void }): ReactNode {
  const [label, setLabel] = useState('')
  const add = useMutation({ mutationFn: () => addKey(label.trim()), onSuccess: onDone })
  return (
    <Form error={add.error} onSubmit={add.mutate}>
      <NameField value={label} onChange={setLabel} />
      <Button type="submit" weight="primary" busy={add.isPending}>
        Set up the key
      </Button>
    </Form>
  )
}
