import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { Level } from '../contract/access.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { meQuery } from '../queries.ts'
import { Loading, PageHead } from '../ui/page.tsx'
import { CodeField } from './code-field.tsx'
import { Enrol } from './enrol.tsx'
import { EntryFrame } from './entry-frame.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'

const route = getRouteApi('/sign-in')

type Step = 'password' | 'totp' | 'recovery' | 'enrol' | { readonly codes: readonly string[] }

const TITLES = {
  password: 'Sign in',
  totp: 'Second factor',
  recovery: 'Recovery code',
  enrol: 'Set up a second factor',
} as const

function stepAt(level: Level | undefined): Step {
  if (level === 'password') return 'totp'
  return level === 'enrolling' ? 'enrol' : 'password'
}

/** Password first, then the second factor; with none yet, setting one up is the only way on. Policy 3.1-0. */
export function SignInPage(): ReactNode {
  const search = route.useSearch()
  const router = useRouter()
  const queries = useQueryClient()
  const [chosen, setStep] = useState<Step | null>(null)
  // Whoever reloads half way goes on where the session stands.
  const { data: me, isPending } = useQuery({ ...meQuery, staleTime: 0, refetchOnWindowFocus: false })
  const step = chosen ?? stepAt(me?.level)
  const finish = (): void => {
    queries.clear()
    void router.navigate({ href: search.return ?? '/', replace: true })
  }
  const follow = (level: Level): void => {
    if (level === 'full') finish()
    else setStep(stepAt(level))
  }
  if (isPending && chosen === null)
    return (
      <EntryFrame>
        <Loading what="the sign-in" />
      </EntryFrame>
    )
  return (
    <EntryFrame>
      <PageHead title={typeof step === 'string' ? TITLES[step] : 'Recovery codes'} />
      {search.ended === true && step === 'password' && (
        <Notice tone="late">
          <strong>Your session has ended</strong>
          <p>Sign in again; you come back to the page you were on.</p>
        </Notice>
      )}
      {step === 'password' && <PasswordStep onNext={follow} />}
      {step === 'totp' && (
        <TotpStep
          onNext={follow}
          onLost={() => {
            setStep('recovery')
          }}
        />
      )}
      {step === 'recovery' && (
        <RecoveryStep
          onNext={follow}
          onFound={() => {
            setStep('totp')
          }}
        />
      )}
      {step === 'enrol' && (
        <Enrol
          onDone={(codes) => {
            setStep({ codes })
          }}
        />
      )}
      {typeof step === 'object' && <RecoveryCodes codes={step.codes} onStored={finish} />}
    </EntryFrame>
  )
}

function PasswordStep({ onNext }: { readonly onNext: (level: Level) => void }): ReactNode {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => call('POST /api/access/sign-in', { body: { email: email.trim(), password } }),
    onSuccess: ({ level }) => {
      onNext(level)
    },
    onError: () => {
      setPassword('')
    },
  })
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        signIn.mutate()
      }}
    >
      {signIn.isError && <ProblemNotice error={signIn.error} focus />}
      <TextField
        label="E-mail"
        type="email"
        autoComplete="username"
        required
        autoFocus
        value={email}
        onChange={(event) => {
          setEmail(event.currentTarget.value)
        }}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => {
          setPassword(event.currentTarget.value)
        }}
      />
      <Button type="submit" weight="primary" busy={signIn.isPending}>
        Sign in
      </Button>
    </form>
  )
}

function TotpStep({
  onNext,
  onLost,
}: {
  readonly onNext: (level: Level) => void
  readonly onLost: () => void
}): ReactNode {
  const [code, setCode] = useState('')
  const send = useMutation({
    mutationFn: () => call('POST /api/access/totp', { body: { code } }),
    onSuccess: ({ level }) => {
      onNext(level)
    },
    onError: () => {
      setCode('')
    },
  })
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        send.mutate()
      }}
    >
      {send.isError && <ProblemNotice error={send.error} focus />}
      <CodeField value={code} onChange={setCode} />
      <Button type="submit" weight="primary" busy={send.isPending} disabled={code.length !== 6}>
        Continue
      </Button>
      <button type="button" className="tap self-start text-accent underline" onClick={onLost}>
        Use a recovery code instead
      </button>
    </form>
  )
}

function RecoveryStep({
  onNext,
  onFound,
}: {
  readonly onNext: (level: Level) => void
  readonly onFound: () => void
}): ReactNode {
  const [code, setCode] = useState('')
  const send = useMutation({
    mutationFn: () => call('POST /api/access/recovery-code', { body: { code: code.trim() } }),
    onSuccess: ({ level }) => {
      onNext(level)
    },
  })
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        send.mutate()
      }}
    >
      {send.isError && <ProblemNotice error={send.error} focus />}
      <TextField
        label="Recovery code"
        hint="One of the codes that you stored when you set up the second factor. It works once."
        autoComplete="off"
        required
        value={code}
        className="font-mono"
        onChange={(event) => {
          setCode(event.currentTarget.value)
        }}
      />
      <Button type="submit" weight="primary" busy={send.isPending}>
        Continue
      </Button>
      <button type="button" className="tap self-start text-accent underline" onClick={onFound}>
        Use the authenticator app instead
      </button>
    </form>
  )
}
