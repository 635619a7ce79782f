import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call, type Input, type Reply } from '../api.ts'
import { OnceShown } from '../people/once-shown.tsx'
import { useMe } from '../session.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Choice, TextArea, TextField, Tick } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Notice } from '../ui/notice.tsx'
import { Ticks } from '../ui/ticks.tsx'
import { programsQuery } from './programs-api.ts'

type Wish = Input<'POST /api/clients'>['body']
type Scope = Reply<'GET /api/clients'>['scopes'][number]
type Kind = 'machine' | 'web' | 'native'

const KINDS: Readonly<Record<Kind, string>> = {
  machine: 'A machine, in its own name',
  web: 'A web application that signs people in',
  native: 'An app on people’s devices, without a secret',
}

const PERSON_SCOPES: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

function lines(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
}

/** Registers a program; its secret, if it has one, is shown once. */
export function NewProgram({ offered }: { readonly offered: readonly Scope[] }): ReactNode {
  const queries = useQueryClient()
  const dialog = useDialog(() => {
    void queries.invalidateQueries({ queryKey: programsQuery.queryKey })
  })
  return (
    <DialogButton dialog={dialog} words="Register a program" weight="primary" icon="plus" lasting>
      <ProgramForm offered={offered} onDone={dialog.close} />
    </DialogButton>
  )
}

function ProgramForm({
  offered,
  onDone,
}: {
  readonly offered: readonly Scope[]
  readonly onDone: () => void
}): ReactNode {
  const me = useMe()
  const [kind, setKind] = useState<Kind>('machine')
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly Scope[]>([])
  const [returns, setReturns] = useState('')
  const [days, setDays] = useState<'90' | '365'>('365')
  const [dpop, setDpop] = useState(false)
  const make = useMutation({
    mutationFn: () =>
      call('POST /api/clients', { body: wishOf({ kind, name, scopes, returns, days, dpop }) }),
  })
  const fit = offered.filter((scope) =>
    PERSON_SCOPES.includes(scope) ? kind !== 'machine' : me.permissions.some((one) => one === scope),
  )
  if (make.data !== undefined) return <Made of={make.data} onDone={onDone} />
  return (
    <Form error={make.error} onSubmit={make.mutate}>
      <TextField
        label="Name"
        hint="People see it when they are asked to allow it"
        required
        maxLength={60}
        value={name}
        onChange={(event) => {
          setName(event.currentTarget.value)
        }}
      />
      <Choice
        label="Kind"
        choices={KINDS}
        value={kind}
        onChoose={(next) => {
          setKind(next)
          setScopes([])
        }}
      />
      {kind !== 'machine' && (
        <TextArea
          label="Where people return to"
          hint="One address a line, compared character by character"
          required
          value={returns}
          onChange={(event) => {
            setReturns(event.currentTarget.value)
          }}
        />
      )}
      <Ticks
        legend="Scopes"
        offered={fit.map((scope) => ({ value: scope, label: <code className="font-mono">{scope}</code> }))}
        chosen={scopes}
        onChoose={setScopes}
      />
      <Tick
        label="Bind tokens to a key of the program (DPoP)"
        hint="A stolen token is worth nothing then; the program must support it."
        checked={dpop}
        onChange={(event) => {
          setDpop(event.currentTarget.checked)
        }}
      />
      <Choice
        label="Ends after"
        choices={{ '90': '90 days', '365': '1 year' }}
        value={days}
        onChoose={setDays}
      />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" weight="primary" busy={make.isPending} disabled={scopes.length === 0}>
          Register
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
    </Form>
  )
}

function wishOf(form: {
  readonly kind: Kind
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly returns: string
  readonly days: string
  readonly dpop: boolean
}): Wish {
  const machine = form.kind === 'machine'
  const renews = form.scopes.some((scope) => (scope as string) === 'offline_access')
  return {
    name: form.name.trim(),
    grantTypes: machine
      ? ['client_credentials']
      : ['authorization_code', ...(renews ? (['refresh_token'] as const) : [])],
    authMethod: form.kind === 'native' ? 'none' : 'client_secret_basic',
    scopes: [...form.scopes],
    redirectUris: machine ? [] : lines(form.returns),
    logoutRedirectUris: [],
    backchannelLogoutUri: null,
    publicKeys: null,
    idTokenAlgorithm: 'RS256',
    dpop: form.dpop,
    introspects: false,
    expiresInDays: Number(form.days),
  }
}

function Made({
  of,
  onDone,
}: {
  readonly of: Reply<'POST /api/clients'>
  readonly onDone: () => void
}): ReactNode {
  if (of.secret === null)
    return (
      <div className="flex flex-col gap-4">
        <Notice tone="good">
          <p role="status">
            Registered as <code className="font-mono wrap-anywhere">{of.id}</code>. It has no secret and
            proves each sign-in by PKCE.
          </p>
        </Notice>
        <Button weight="primary" onClick={onDone}>
          Done
        </Button>
      </div>
    )
  return (
    <OnceShown what="client secret" secret={of.secret} onDone={onDone}>
      The client id is <code className="font-mono wrap-anywhere">{of.id}</code>. This secret is shown only
      now; only its hash is kept.
    </OnceShown>
  )
}
