import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { ChannelKind } from '../contract/inbox.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice, TextArea, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { channelsQuery } from './channels.ts'
import { SecretField } from './secret-field.tsx'

const NOTHING = {
  name: '',
  disclosure: '',
  phoneNumberId: '',
  appSecret: '',
  verifyToken: '',
  accessToken: '',
  origins: '',
}

/** Connects a channel. */
export function NewChannel(): ReactNode {
  const [kind, setKind] = useState<ChannelKind>('whatsapp')
  const [typed, setTyped] = useState(NOTHING)
  const queries = useQueryClient()
  const dialog = useDialog(() => {
    setTyped(NOTHING)
    connect.reset()
  })
  const connect = useMutation({
    mutationFn: () => {
      const { origins, disclosure: said, ...whatsapp } = typed
      const disclosure = said.trim() === '' ? null : said.trim()
      const name = typed.name.trim()
      return call('POST /inbox/channels', {
        body:
          kind === 'whatsapp'
            ? { ...whatsapp, kind, name, disclosure, phoneNumberId: typed.phoneNumberId.trim() }
            : {
                kind,
                name,
                disclosure,
                allowedOrigins: origins.split(/\s+/).filter((origin) => origin !== ''),
              },
      })
    },
    onSuccess: async () => {
      dialog.close()
      announce('The channel is connected')
      await queries.invalidateQueries({ queryKey: channelsQuery.queryKey })
    },
  })
  const set = (change: Partial<typeof NOTHING>): void => {
    setTyped({ ...typed, ...change })
  }
  return (
    <DialogButton dialog={dialog} words="Connect a channel" weight="primary" icon="plus">
      <Form error={connect.error} onSubmit={connect.mutate}>
        <Choice
          label="Kind"
          choices={{ whatsapp: 'WhatsApp', webchat: 'Web chat' }}
          value={kind}
          onChoose={setKind}
        />
        <TextField
          label="Name"
          hint="As your customers know your business"
          required
          maxLength={100}
          value={typed.name}
          onChange={(event) => {
            set({ name: event.currentTarget.value })
          }}
        />
        <TextField
          label="Notice of automation"
          hint="Said before the first automatic reply of a conversation; may stay empty"
          maxLength={500}
          value={typed.disclosure}
          onChange={(event) => {
            set({ disclosure: event.currentTarget.value })
          }}
        />
        {kind === 'whatsapp' ? (
          <>
            <TextField
              label="Phone number id"
              hint="Digits; from the provider’s settings of the number"
              inputMode="numeric"
              pattern="[0-9]{5,30}"
              required
              value={typed.phoneNumberId}
              onChange={(event) => {
                set({ phoneNumberId: event.currentTarget.value })
              }}
            />
            <SecretField
              label="App secret"
              hint="Proves that a delivery comes from the provider"
              required
              value={typed.appSecret}
              onChange={(appSecret) => {
                set({ appSecret })
              }}
            />
            <SecretField
              label="Verify token"
              hint="A word of your own, the same as in the provider’s webhook settings"
              required
              value={typed.verifyToken}
              onChange={(verifyToken) => {
                set({ verifyToken })
              }}
            />
            <SecretField
              label="Access token"
              hint="Used to send replies"
              required
              value={typed.accessToken}
              onChange={(accessToken) => {
                set({ accessToken })
              }}
            />
          </>
        ) : (
          <TextArea
            label="Pages that may show it"
            hint="One origin a line, such as https://shop.example"
            required
            value={typed.origins}
            onChange={(event) => {
              set({ origins: event.currentTarget.value })
            }}
          />
        )}
        <Button type="submit" weight="primary" busy={connect.isPending}>
          Connect
        </Button>
      </Form>
    </DialogButton>
  )
}
