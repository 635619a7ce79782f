import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useRouter } from '@tanstack/react-router'
import { useEffect, useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { Level } from '../contract/access.ts'
import { meQuery } from '../queries.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Empty, Loading, PageHead } from '../ui/page.tsx'
import { Enrol } from './enrol.tsx'
import { EntryFrame } from './entry-frame.tsx'
import { JoinAsMyself } from './join-as-myself.tsx'
import { linkKind, type LinkKind } from './link-kind.ts'
import { NewPassword } from './password-rules.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'

type Step = 'details' | 'enrol' | { readonly codes: readonly string[] }

// Kept in memory alone, so that an invited person can sign in with an account that they have and come back.
let held = ''

/** Takes the token from behind the `#`, which no server sees, and out of the address. */
function takeToken(): string {
  const token = location.hash.slice(1)
  if (token !== '') held = token
  return held
}

/** The first link or an invitation: account, then second factor, then recovery codes, in this order for everybody. */
export function WelcomePage(): ReactNode {
  const [token] = useState(takeToken)
  const [step, setStep] = useState<Step>('details')
  const router = useRouter()
  const queries = useQueryClient()
  useEffect(() => {
    if (location.hash !== '') history.replaceState(history.state, '', location.pathname)
  }, [])
  const finish = (): void => {
    held = ''
    queries.clear()
    void router.navigate({ to: '/', replace: true })
  }
  const follow = (level: Level): void => {
    if (level === 'full') finish()
    else setStep('enrol')
  }
  if (token === '')
    return (
      <EntryFrame>
        <PageHead title="Welcome" />
        <Empty title="The link is not complete">
          Open the whole link again, up to its last character. Or{' '}
          <Link to="/sign-in" className="text-accent underline">
            sign in
          </Link>
          .
        </Empty>
      </EntryFrame>
    )
  return (
    <EntryFrame>
      <p className="text-sm text-muted">Step {step === 'details' ? 1 : step === 'enrol' ? 2 : 3} of 3</p>
      {step === 'details' && <Details token={token} onNext={follow} onJoined={finish} />}
      {step === 'enrol' && (
        <>
          <PageHead title="Set up a second factor" />
          <Enrol
            onDone={(codes, level) => {
              if (codes.length > 0) setStep({ codes })
              else follow(level)
            }}
          />
        </>
      )}
      {typeof step === 'object' && (
        <>
          <PageHead title="Recovery codes" />
          <RecoveryCodes codes={step.codes} onStored={finish} />
        </>
      )}
    </EntryFrame>
  )
}

function Details({
  token,
  onNext,
  onJoined,
}: {
  readonly token: string
  readonly onNext: (level: Level) => void
  readonly onJoined: () => void
}): ReactNode {
  const { data: kind, error } = useQuery({
    queryKey: ['link', token],
    queryFn: () => linkKind(token),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const { data: me } = useQuery({ ...meQuery, refetchOnWindowFocus: false })
  return (
    <>
      <PageHead
        title={me?.account === null || me === undefined ? 'Create your account' : 'Join a workspace'}
      />
      {error !== null && <ProblemNotice error={error} focus />}
      {kind === undefined && error === null && <Loading what="the link" />}
      {kind !== undefined &&
        (me !== undefined && me.account !== null ? (
          <JoinAsMyself token={token} name={me.account.name} onJoined={onJoined} />
        ) : (
          <AccountForm token={token} kind={kind} onNext={onNext} />
        ))}
    </>
  )
}

function AccountForm({
  token,
  kind,
  onNext,
}: {
  readonly token: string
  readonly kind: LinkKind
  readonly onNext: (level: Level) => void
}): ReactNode {
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [workspaceName, setWorkspaceName] = useState('')
  const [password, setPassword] = useState('')
  const welcome = useMutation({
    mutationFn: () => {
      const first = kind === 'first' ? { email: email.trim(), workspaceName: workspaceName.trim() } : {}
      return call('POST /api/access/welcome', { body: { token, name: name.trim(), password, ...first } })
    },
    onSuccess: ({ level }) => {
      onNext(level)
    },
  })
  return (
    <Form error={welcome.error} onSubmit={welcome.mutate}>
      <TextField
        label="Your name"
        autoComplete="name"
        required
        maxLength={100}
        value={name}
        onChange={(event) => {
          setName(event.currentTarget.value)
        }}
      />
      {kind === 'first' && (
        <>
          <TextField
            label="E-mail"
            type="email"
            autoComplete="username"
            required
            value={email}
            onChange={(event) => {
              setEmail(event.currentTarget.value)
            }}
          />
          <TextField
            label="Workspace name"
            hint="Your company or team"
            autoComplete="organization"
            required
            maxLength={100}
            value={workspaceName}
            onChange={(event) => {
              setWorkspaceName(event.currentTarget.value)
            }}
          />
        </>
      )}
      <NewPassword label="Password" value={password} onChange={setPassword} />
      <Button type="submit" weight="primary" busy={welcome.isPending}>
        Create account
      </Button>
      {kind === 'invitation' && (
        <p className="text-sm text-muted">
          You have an account here already?{' '}
          <Link to="/sign-in" search={{ return: '/welcome' }} className="text-accent underline">
            Sign in and join with it
          </Link>
        </p>
      )}
    </Form>
  )
}
