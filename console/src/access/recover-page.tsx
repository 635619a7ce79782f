import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useRouter } from '@tanstack/react-router'
import { useEffect, useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { Loading, PageHead } from '../ui/page.tsx'
import { EntryFrame } from './entry-frame.tsx'
import { NewPassword } from './password-rules.tsx'
import { SecondStep } from './second-step.tsx'

/** What a letter's link is for. */
type Kind = 'recovery' | 'unlock' | 'cancel-reset' | 'enrol'

const TITLES: Readonly<Record<Kind, string>> = {
  recovery: 'Choose a new password',
  unlock: 'Lift the lock',
  'cancel-reset': 'Stop the reset',
  enrol: 'Set up your second factor again',
}

/** Takes the token from behind the `#`, which no server sees. */
function tokenOfAddress(): string {
  return location.hash.slice(1)
}

/** The way back in: a letter by e-mail, then the second factor, then a new password; and what other letters link to. */
export function RecoverPage(): ReactNode {
  const [token, setToken] = useState(tokenOfAddress)
  useEffect(() => {
    const take = (): void => {
      if (location.hash === '') return
      setToken(tokenOfAddress())
      history.replaceState(history.state, '', location.pathname)
    }
    take()
    // A link that is put into the address of this very page loads nothing anew.
    addEventListener('hashchange', take)
    return () => {
      removeEventListener('hashchange', take)
    }
  }, [])
  return <EntryFrame>{token === '' ? <AskForLetter /> : <FollowLink key={token} token={token} />}</EntryFrame>
}

function AskForLetter(): ReactNode {
  const [email, setEmail] = useState('')
  const ask = useMutation({
    mutationFn: () => call('POST /api/access/recovery', { body: { email: email.trim() } }),
  })
  return (
    <>
      <PageHead title="Password forgotten" />
      {ask.isSuccess ? (
        <Notice tone="good">
          <strong>Look into your mailbox</strong>
          <p>
            If an account has this address, a letter with a link is on its way. It is good for half an hour,
            and asks for your second factor.
          </p>
        </Notice>
      ) : (
        <Form error={ask.error} onSubmit={ask.mutate}>
          <TextField
            label="E-mail"
            hint="You will need your second factor or a recovery code as well."
            type="email"
            autoComplete="username"
            required
            autoFocus
            value={email}
            onChange={(event) => {
              setEmail(event.currentTarget.value)
            }}
          />
          <Button type="submit" weight="primary" busy={ask.isPending}>
            Send the letter
          </Button>
        </Form>
      )}
      <BackToSignIn />
    </>
  )
}

function BackToSignIn(): ReactNode {
  return (
    <Link to="/sign-in" className="tap self-start text-accent underline">
      Back to sign-in
    </Link>
  )
}

function FollowLink({ token }: { readonly token: string }): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['recovery-link', token],
    queryFn: async () => {
      const { kind } = await call('POST /api/access/recovery/link', { body: { token } })
      return { kind: kind as Kind }
    },
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  return (
    <>
      <PageHead title={data === undefined ? 'Your link' : TITLES[data.kind]} />
      {error !== null && (
        <ProblemNotice
          error={error}
          focus
          retry={() => {
            void refetch()
          }}
        />
      )}
      {data === undefined && error === null && <Loading what="the link" />}
      {data?.kind === 'recovery' && <Recover token={token} />}
      {data !== undefined && data.kind !== 'recovery' && <OneAct kind={data.kind} token={token} />}
      <BackToSignIn />
    </>
  )
}

const ACTS: Readonly<Record<Exclude<Kind, 'recovery'>, { says: string; button: string; done: string }>> = {
  unlock: {
    says: 'Somebody typed wrong passwords for your account from a device that it does not know. This lets such devices try again.',
    button: 'Lift the lock',
    done: 'The lock is lifted. Sign in as usual.',
  },
  'cancel-reset': {
    says: 'Somebody of the provider asked to reset your second factors. If that was not agreed with you, stop it here.',
    button: 'Stop the reset',
    done: 'The reset is stopped, and those concerned were told.',
  },
  enrol: {
    says: 'Sign in with your password first, in this browser; then open the link of the letter again and go on.',
    button: 'Go on',
    done: 'Go to sign-in and set up your second factor.',
  },
}

function act(kind: Exclude<Kind, 'recovery'>, token: string): Promise<unknown> {
  if (kind === 'unlock') return call('POST /api/access/recovery/unlock', { body: { token } })
  if (kind === 'cancel-reset') return call('POST /api/access/resets/stop', { body: { token } })
  return call('POST /api/access/recovery/enrol', { body: { token } })
}

function OneAct({
  kind,
  token,
}: {
  readonly kind: Exclude<Kind, 'recovery'>
  readonly token: string
}): ReactNode {
  const words = ACTS[kind]
  const go = useMutation({ mutationFn: () => act(kind, token) })
  return (
    <div className="flex flex-col gap-4">
      {go.isError && <ProblemNotice error={go.error} focus />}
      {go.isSuccess ? (
        <Notice tone="good">
          <p role="status">{words.done}</p>
        </Notice>
      ) : (
        <>
          <p>{words.says}</p>
          <Button
            weight="primary"
            busy={go.isPending}
            onClick={() => {
              go.mutate()
            }}
          >
            {words.button}
          </Button>
        </>
      )}
    </div>
  )
}

function Recover({ token }: { readonly token: string }): ReactNode {
  const [proved, setProved] = useState(false)
  const open = useMutation({ mutationFn: () => call('POST /api/access/recovery/open', { body: { token } }) })
  if (proved) return <SetPassword />
  if (open.isSuccess)
    return (
      <SecondStep
        onNext={() => {
          setProved(true)
        }}
      />
    )
  return (
    <div className="flex flex-col gap-4">
      {open.isError && <ProblemNotice error={open.error} focus />}
      <p>Your second factor comes first, then the new password. The link works once.</p>
      <Button
        weight="primary"
        busy={open.isPending}
        onClick={() => {
          open.mutate()
        }}
      >
        Go on
      </Button>
    </div>
  )
}

function SetPassword(): ReactNode {
  const [next, setNext] = useState('')
  const router = useRouter()
  const set = useMutation({
    mutationFn: () => call('POST /api/access/recovery/password', { body: { next } }),
    onSuccess: () => {
      void router.navigate({ to: '/sign-in', replace: true })
    },
  })
  return (
    <Form error={set.error} onSubmit={set.mutate}>
      <NewPassword label="New password" value={next} onChange={setNext} />
      <Button type="submit" weight="primary" busy={set.isPending}>
        Set the password
      </Button>
    </Form>
  )
}
