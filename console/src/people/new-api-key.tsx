import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { Permission } from '../../../platform/kernel/permission.ts'
import { call } from '../api.ts'
import { useMe } from '../session.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Choice, TextField, Tick } from '../ui/field.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { OnceShown } from './once-shown.tsx'

/** What a key may be given; nothing of people, keys or the account itself. */
const SCOPES: Readonly<Partial<Record<Permission, string>>> = {
  'conversation.read': 'Read conversations',
  'conversation.reply': 'Answer conversations',
  'rule.read': 'See automatic replies',
  'rule.edit': 'Change automatic replies',
  'channel.read': 'See channels',
  'audit.read': 'Read the audit log',
  'policy.read': 'See clauses and evidence',
}

/** Makes an API key; its secret is shown once. */
export function NewApiKey(): ReactNode {
  const me = useMe()
  const queries = useQueryClient()
  const [open, setOpen] = useState(false)
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly Permission[]>([])
  const [days, setDays] = useState<'30' | '90' | '365'>('90')
  const make = useMutation({
    mutationFn: () => call('POST /api/api-keys', { body: { name: name.trim(), scopes, days: Number(days) } }),
  })
  const close = (): void => {
    setOpen(false)
    setName('')
    setScopes([])
    make.reset()
    void queries.invalidateQueries({ queryKey: ['api-keys'] })
  }
  const offered = (Object.entries(SCOPES) as [Permission, string][]).filter(([scope]) =>
    me.permissions.includes(scope),
  )
  return (
    <>
      <Button
        weight="primary"
        icon="plus"
        onClick={() => {
          setOpen(true)
        }}
      >
        New API key
      </Button>
      <Dialog open={open} onClose={close} title="New API key" lasting={make.isSuccess}>
        {make.data === undefined ? (
          <form
            className="flex flex-col gap-4"
            onSubmit={(event) => {
              event.preventDefault()
              make.mutate()
            }}
          >
            {make.isError && <ProblemNotice error={make.error} focus />}
            <TextField
              label="Name"
              hint="The program that will use it"
              required
              maxLength={80}
              value={name}
              onChange={(event) => {
                setName(event.currentTarget.value)
              }}
            />
            <fieldset className="flex flex-col gap-2">
              <legend className="pb-1 font-strong">Scopes</legend>
              {offered.map(([scope, words]) => (
                <Tick
                  key={scope}
                  label={words}
                  checked={scopes.includes(scope)}
                  onChange={(event) => {
                    setScopes(
                      event.currentTarget.checked
                        ? [...scopes, scope]
                        : scopes.filter((one) => one !== scope),
                    )
                  }}
                />
              ))}
            </fieldset>
            <Choice
              label="Ends after"
              choices={{ '30': '30 days', '90': '90 days', '365': '1 year' }}
              value={days}
              onChoose={setDays}
            />
            <Button type="submit" weight="primary" busy={make.isPending} disabled={scopes.length === 0}>
              Make key
            </Button>
          </form>
        ) : (
          <OnceShown what="API key" secret={make.data.secret} onDone={close}>
            This key is shown only now; only its hash is kept. Put it where your program reads its secrets.
          </OnceShown>
        )}
      </Dialog>
    </>
  )
}
