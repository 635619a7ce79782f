import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call, type Reply } from '../api.ts'
import { useMe } from '../session.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Ticks } from '../ui/ticks.tsx'
import { keysQuery } from './keys-api.ts'
import { OnceShown } from './once-shown.tsx'

/** A permission that a key may be given. */
type Scope = Reply<'GET /api/api-keys'>['scopes'][number]

const SCOPES: Readonly<Record<Scope, string>> = {
  'conversation.read': 'Read conversations',
  'conversation.reply': 'Answer conversations',
  'rule.read': 'See automatic replies',
  'rule.edit': 'Change automatic replies',
  'channel.read': 'See channels',
  'channel.edit': 'Connect channels',
  'people.read': 'See people and roles',
  'audit.read': 'Read the audit log',
  'policy.read': 'See clauses and evidence',
}

/** Makes an API key; its secret is shown once. */
export function NewApiKey({ scopes: all }: { readonly scopes: readonly Scope[] }): ReactNode {
  const me = useMe()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly Scope[]>([])
  const [days, setDays] = useState<'30' | '90' | '365'>('90')
  const make = useMutation({
    mutationFn: () =>
      call('POST /api/api-keys', {
        body: { label: name.trim(), scopes: [...scopes], expiresInDays: Number(days) },
      }),
  })
  const dialog = useDialog(() => {
    setName('')
    setScopes([])
    make.reset()
    void queries.invalidateQueries({ queryKey: keysQuery.queryKey })
  })
  const offered = all.filter((scope) => me.permissions.includes(scope))
  return (
    <DialogButton dialog={dialog} words="New API key" weight="primary" icon="plus" lasting={make.isSuccess}>
      {make.data === undefined ? (
        <Form error={make.error} onSubmit={make.mutate}>
          <TextField
            label="Name"
            hint="The program that will use it"
            required
            maxLength={60}
            value={name}
            onChange={(event) => {
              setName(event.currentTarget.value)
            }}
          />
          <Ticks
            legend="Scopes"
            offered={offered.map((scope) => ({ value: scope, label: SCOPES[scope] }))}
            chosen={scopes}
            onChoose={setScopes}
          />
          <Choice
            label="Ends after"
            choices={{ '30': '30 days', '90': '90 days', '365': '1 year' }}
            value={days}
            onChoose={setDays}
          />
          <Button type="submit" weight="primary" busy={make.isPending} disabled={scopes.length === 0}>
            Make key
          </Button>
        </Form>
      ) : (
        <OnceShown what="API key" secret={make.data.key} onDone={dialog.close}>
          This key is shown only now; only its hash is kept. Put it where your program reads its secrets.
        </OnceShown>
      )}
    </DialogButton>
  )
}
