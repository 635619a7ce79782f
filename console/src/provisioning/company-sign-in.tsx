import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call, type Reply } from '../api.ts'
import { useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { TextArea, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Empty, Panel, Section } from '../ui/page.tsx'

const QUERY_KEY = ['upstream-connection']

type Connection = NonNullable<Reply<'GET /api/access/upstream/connection'>['connection']>

/** Signing in through the identity provider of the company (OpenID Connect), believed no further than it proves. Policy 3.1-0. */
export function CompanySignIn(): ReactNode {
  const me = useMe()
  const queries = useQueryClient()
  const answer = useQuery({
    queryKey: QUERY_KEY,
    queryFn: ({ signal }) => call('GET /api/access/upstream/connection', {}, { signal }),
  })
  const remove = useMutation({
    mutationFn: () => call('DELETE /api/access/upstream/connection'),
    onSuccess: async () => {
      announce('Company sign-in was removed')
      await queries.invalidateQueries({ queryKey: QUERY_KEY })
    },
  })
  const address = `${location.origin}/console/sign-in?workspace=${me.workspace ?? ''}`
  return (
    <Section
      title="Company sign-in"
      lead="It counts as the first factor; the second one is asked for here, unless you believe certain words of the provider."
      aside={answer.data !== undefined && <SetConnection present={answer.data.connection} />}
    >
      <Loaded query={answer} what="the company sign-in">
        {({ connection }) => (
          <>
            {remove.isError && <ProblemNotice error={remove.error} focus />}
            {connection === null ? (
              <Empty title="Not set up">People sign in with a password or a passkey.</Empty>
            ) : (
              <Panel className="flex flex-col gap-2 p-4">
                <p>
                  {connection.issuer}, for {connection.domains.join(', ')}
                </p>
                <Copied label="Tell the provider to send people back to" text={connection.redirectUri} />
                <Copied label="Your people sign in at" text={address} />
                <Button
                  weight="danger"
                  className="self-start"
                  busy={remove.isPending}
                  onClick={() => {
                    remove.mutate()
                  }}
                >
                  Remove company sign-in
                </Button>
              </Panel>
            )}
          </>
        )}
      </Loaded>
    </Section>
  )
}

function Copied({ label, text }: { readonly label: string; readonly text: string }): ReactNode {
  return (
    <p className="flex flex-wrap items-center gap-2 text-sm text-muted">
      <span>
        {label} <code className="font-mono wrap-anywhere">{text}</code>
      </span>
      <CopyButton text={text} what={label} />
    </p>
  )
}

function SetConnection({ present }: { readonly present: Connection | null }): ReactNode {
  const dialog = useDialog()
  return (
    <DialogButton
      dialog={dialog}
      words={present === null ? 'Set up company sign-in' : 'Change company sign-in'}
      title="Company sign-in"
    >
      <ConnectionForm present={present} onDone={dialog.close} />
    </DialogButton>
  )
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}

function ConnectionForm({
  present,
  onDone,
}: {
  readonly present: Connection | null
  readonly onDone: () => void
}): ReactNode {
  const queries = useQueryClient()
  const [issuer, setIssuer] = useState(present?.issuer ?? '')
  const [clientId, setClientId] = useState(present?.clientId ?? '')
  const [clientSecret, setClientSecret] = useState('')
  const [domains, setDomains] = useState(present?.domains.join(' ') ?? '')
  const [believed, setBelieved] = useState(
    present?.twoFactors.map(({ claim, value }) => `${claim}=${value}`).join('\n') ?? '',
  )
  const set = useMutation({
    mutationFn: () =>
      call('PUT /api/access/upstream/connection', {
        body: {
          issuer: issuer.trim(),
          clientId: clientId.trim(),
          ...(clientSecret === '' ? {} : { clientSecret }),
          domains: words(domains),
          twoFactors: words(believed).map((word) => ({
            claim: word.startsWith('amr=') ? ('amr' as const) : ('acr' as const),
            value: word.replace(/^(?:acr|amr)=/, ''),
          })),
        },
      }),
    onSuccess: async () => {
      onDone()
      announce('Company sign-in is set up')
      await queries.invalidateQueries({ queryKey: QUERY_KEY })
    },
  })
  return (
    <Form error={set.error} onSubmit={set.mutate}>
      <TextField
        label="Issuer"
        hint="The https address of the provider, as it names itself"
        type="url"
        required
        value={issuer}
        onChange={(event) => {
          setIssuer(event.currentTarget.value)
        }}
      />
      <TextField
        label="Client id"
        required
        value={clientId}
        onChange={(event) => {
          setClientId(event.currentTarget.value)
        }}
      />
      <TextField
        label="Client secret"
        hint={present === null ? undefined : 'Leave it empty to keep the present one.'}
        type="password"
        autoComplete="off"
        required={present === null}
        value={clientSecret}
        onChange={(event) => {
          setClientSecret(event.currentTarget.value)
        }}
      />
      <TextField
        label="Domains"
        hint="Of the e-mail addresses that may sign in so, such as example.org"
        required
        value={domains}
        onChange={(event) => {
          setDomains(event.currentTarget.value)
        }}
      />
      <TextArea
        label="Believed as two factors"
        hint="Such as amr=mfa, one a line. Empty: our own second factor is always asked for."
        value={believed}
        onChange={(event) => {
          setBelieved(event.currentTarget.value)
        }}
      />
      <Button type="submit" weight="primary" busy={set.isPending}>
        Save
      </Button>
    </Form>
  )
}
