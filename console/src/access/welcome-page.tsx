import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Empty, PageHead } from '../ui/page.tsx'
import { Enrol } from './enrol.tsx'
import { EntryFrame } from './entry-frame.tsx'
import { NewPassword } from './password-rules.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'

type Step = 'details' | 'enrol' | { readonly codes: readonly string[] }

/** The first link or an invitation: account, then second factor, then recovery codes, in this order for everybody. */
export function WelcomePage(): ReactNode {
  // The token came behind the `#`, which no server sees; it is taken out of the address at once.
  const [token] = useState(() => location.hash.slice(1))
  const [step, setStep] = useState<Step>('details')
  const router = useRouter()
  const queries = useQueryClient()
  useEffect(() => {
    if (location.hash !== '') history.replaceState(history.state, '', location.pathname)
  }, [])
  const finish = (): void => {
    queries.clear()
    void router.navigate({ to: '/', replace: true })
  }
  return (
    <EntryFrame>
      {token === '' ? (
        <>
          <PageHead title="Welcome" />
          <Empty title="The link is not complete">
            Open the whole link again, up to its last character; it works once.
          </Empty>
        </>
      ) : (
        <>
          <Progress at={step === 'details' ? 1 : step === 'enrol' ? 2 : 3} />
          {step === 'details' && (
            <>
              <PageHead title="Create your account" />
              <Details
                token={token}
                onNext={(next) => {
                  if (next === 'done') finish()
                  else setStep('enrol')
                }}
              />
            </>
          )}
          {step === 'enrol' && (
            <>
              <PageHead title="Set up a second factor" />
              <Enrol
                onDone={(codes) => {
                  setStep({ codes })
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
        </>
      )}
    </EntryFrame>
  )
}

function Progress({ at }: { readonly at: 1 | 2 | 3 }): ReactNode {
  return <p className="text-sm text-muted">Step {at} of 3</p>
}

function Details({
  token,
  onNext,
}: {
  readonly token: string
  readonly onNext: (next: 'totp' | 'enrol' | 'done') => void
}): ReactNode {
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [workspaceName, setWorkspaceName] = useState('')
  const [password, setPassword] = useState('')
  const welcome = useMutation({
    mutationFn: () =>
      call('POST /api/access/welcome', {
        body: {
          token,
          name: name.trim(),
          email: email.trim(),
          password,
          workspaceName: workspaceName.trim(),
        },
      }),
    onSuccess: ({ next }) => {
      onNext(next)
    },
  })
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        welcome.mutate()
      }}
    >
      {welcome.isError && <ProblemNotice error={welcome.error} focus />}
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
        autoComplete="organization"
        required
        maxLength={100}
        value={workspaceName}
        onChange={(event) => {
          setWorkspaceName(event.currentTarget.value)
        }}
      />
      <NewPassword label="Password" value={password} onChange={setPassword} />
      <Button type="submit" weight="primary" busy={welcome.isPending}>
        Create account
      </Button>
    </form>
  )
}
