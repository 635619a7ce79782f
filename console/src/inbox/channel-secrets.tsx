import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { Wire } from '../contract/wire.ts'
import type { Channel } from '../contract/inbox.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Form } from '../ui/form.tsx'
import { channelsQuery } from './channels.ts'
import { SecretField } from './secret-field.tsx'

const NOTHING = { appSecret: '', verifyToken: '', accessToken: '' }

/** Replaces secrets of a channel; fields that stay empty keep what is set. */
export function ChannelSecrets({ channel }: { readonly channel: Wire<Channel> }): ReactNode {
  const [secrets, setSecrets] = useState(NOTHING)
  const queries = useQueryClient()
  const dialog = useDialog(() => {
    setSecrets(NOTHING)
    replace.reset()
  })
  const replace = useMutation({
    mutationFn: () =>
      call('PUT /inbox/channels/:id', {
        params: { id: channel.id },
        body: Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== '')),
      }),
    onSuccess: async () => {
      dialog.close()
      announce('The secrets were replaced')
      await queries.invalidateQueries({ queryKey: channelsQuery.queryKey })
    },
  })
  return (
    <DialogButton dialog={dialog} words="Replace secrets" title={`Secrets of ${channel.name}`}>
      <Form
        intro={<p>Fields that stay empty keep what is set. The present secrets stop working here at once.</p>}
        error={replace.error}
        onSubmit={replace.mutate}
      >
        <SecretField
          label="App secret"
          value={secrets.appSecret}
          onChange={(appSecret) => {
            setSecrets({ ...secrets, appSecret })
          }}
        />
        <SecretField
          label="Verify token"
          value={secrets.verifyToken}
          onChange={(verifyToken) => {
            setSecrets({ ...secrets, verifyToken })
          }}
        />
        <SecretField
          label="Access token"
          value={secrets.accessToken}
          onChange={(accessToken) => {
            setSecrets({ ...secrets, accessToken })
          }}
        />
        <Button
          type="submit"
          weight="primary"
          busy={replace.isPending}
          disabled={Object.values(secrets).every((value) => value === '')}
        >
          Replace
        </Button>
      </Form>
    </DialogButton>
  )
}
