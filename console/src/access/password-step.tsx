import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { Level } from '../contract/access.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { endOffer, keysWork, passkeysInFields, signInWithPasskey } from './keys.ts'

/** E-mail and password, or a passkey instead of both, or the provider of a workspace. Policy 3.1-0. */
export function PasswordStep({
  onNext,
  workspace,
}: {
  readonly onNext: (level: Level) => void
  /** Whose provider may be used, when the address names it. */
  readonly workspace: string | undefined
}): ReactNode {
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
  const passkey = useMutation({ mutationFn: () => signInWithPasskey(false), onSuccess: onNext })
  const provider = useMutation({
    mutationFn: (id: string) => call('POST /api/access/upstream/start', { body: { workspace: id } }),
    onSuccess: ({ location: to }) => {
      location.assign(to)
    },
  })
  usePasskeyInField(onNext)
  const problem = signIn.error ?? passkey.error ?? provider.error
  return (
    <Form error={problem} onSubmit={signIn.mutate}>
      <TextField
        label="E-mail"
        type="email"
        autoComplete="username webauthn"
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
      {keysWork && (
        <Button
          icon="key"
          busy={passkey.isPending}
          onClick={() => {
            passkey.mutate()
          }}
        >
          Sign in with a passkey
        </Button>
      )}
      {workspace !== undefined && (
        <Button
          busy={provider.isPending}
          onClick={() => {
            provider.mutate(workspace)
          }}
        >
          Use my company’s sign-in
        </Button>
      )}
      <Link to="/recover" className="tap self-start text-accent underline">
        Password forgotten
      </Link>
    </Form>
  )
}

/** Offers passkeys in the e-mail field where the browser can; an offer that nobody takes ends with the page. */
function usePasskeyInField(onNext: (level: Level) => void): void {
  const [take] = useState(() => onNext)
  useEffect(() => {
    let here = true
    void (async () => {
      if (!(await passkeysInFields()) || !here) return
      // Nobody asked for anything yet, so a refusal is told to nobody; the button tells it.
      const level = await signInWithPasskey(true).catch(() => null)
      if (level !== null && here) take(level)
    })()
    return () => {
      here = false
      endOffer()
    }
  }, [take])
}
