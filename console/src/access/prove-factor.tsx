import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { CodeField } from './code-field.tsx'
import { keysWork } from './keys.ts'

/** A way to prove a second factor. */
export type Way = 'totp' | 'webauthn' | 'sms' | 'recovery-code'

/** How each way is proved; what it gives is handed on. */
export interface Prover<Result> {
  readonly code: (code: string) => Promise<Result>
  readonly key: () => Promise<Result>
  readonly sendSms: () => Promise<unknown>
  readonly sms: (code: string) => Promise<Result>
  readonly recovery: (code: string) => Promise<Result>
}

const NAMES: Readonly<Record<Way, string>> = {
  totp: 'Use the authenticator app',
  webauthn: 'Use a security key or passkey',
  sms: 'Get a code by text message',
  'recovery-code': 'Use a recovery code',
}

/** Asks for one second factor and offers the others beside it. Policy 3.1-0. */
export function ProveFactor<Result>({
  prover,
  ways,
  onProved,
}: {
  readonly prover: Prover<Result>
  /** Best first; the first is shown. */
  readonly ways: readonly Way[]
  readonly onProved: (result: Result) => void
}): ReactNode {
  const offered = ways.filter((way) => way !== 'webauthn' || keysWork)
  const [chosen, setChosen] = useState<Way | null>(null)
  const way = chosen ?? offered[0] ?? 'recovery-code'
  return (
    <div className="flex flex-col gap-4">
      <OneWay key={way} way={way} prover={prover} onProved={onProved} />
      <ul className="flex flex-col items-start" aria-label="Other ways">
        {offered
          .filter((one) => one !== way)
          .map((one) => (
            <li key={one}>
              <button
                type="button"
                className="tap text-accent underline"
                onClick={() => {
                  setChosen(one)
                }}
              >
                {NAMES[one]}
              </button>
            </li>
          ))}
      </ul>
    </div>
  )
}

function OneWay<Result>({
  way,
  prover,
  onProved,
}: {
  readonly way: Way
  readonly prover: Prover<Result>
  readonly onProved: (result: Result) => void
}): ReactNode {
  if (way === 'webauthn') return <KeyWay prove={prover.key} onProved={onProved} />
  if (way === 'sms') return <SmsWay prover={prover} onProved={onProved} />
  if (way === 'totp') return <CodeWay prove={prover.code} onProved={onProved} />
  return <RecoveryWay prove={prover.recovery} onProved={onProved} />
}

function KeyWay<Result>({
  prove,
  onProved,
}: {
  readonly prove: () => Promise<Result>
  readonly onProved: (result: Result) => void
}): ReactNode {
  const key = useMutation({ mutationFn: prove, onSuccess: onProved })
  return (
    <div className="flex flex-col gap-4">
      {key.isError && <ProblemNotice error={key.error} focus />}
      <p>Have your security key at hand, or the device that keeps your passkey.</p>
      <Button
        weight="primary"
        autoFocus
        busy={key.isPending}
        onClick={() => {
          key.mutate()
        }}
      >
        Use the key
      </Button>
    </div>
  )
}

function CodeWay<Result>({
  prove,
  onProved,
  hint,
}: {
  readonly prove: (code: string) => Promise<Result>
  readonly onProved: (result: Result) => void
  readonly hint?: string
}): ReactNode {
  const [code, setCode] = useState('')
  const send = useMutation({
    mutationFn: () => prove(code),
    onSuccess: onProved,
    onError: () => {
      setCode('')
    },
  })
  return (
    <Form error={send.error} onSubmit={send.mutate}>
      <CodeField value={code} onChange={setCode} {...(hint === undefined ? {} : { hint })} />
      <Button type="submit" weight="primary" busy={send.isPending} disabled={code.length !== 6}>
        Continue
      </Button>
    </Form>
  )
}

function SmsWay<Result>({
  prover,
  onProved,
}: {
  readonly prover: Prover<Result>
  readonly onProved: (result: Result) => void
}): ReactNode {
  const ask = useMutation({ mutationFn: prover.sendSms })
  return (
    <div className="flex flex-col gap-4">
      {ask.isError && <ProblemNotice error={ask.error} focus />}
      {ask.isSuccess ? (
        <CodeWay
          prove={prover.sms}
          onProved={onProved}
          hint="Six digits from the message, if your account has a confirmed number"
        />
      ) : (
        <p>
          A code goes to the number that you confirmed. Text messages can be intercepted: an app or a key is
          safer.
        </p>
      )}
      <Button
        weight={ask.isSuccess ? 'plain' : 'primary'}
        busy={ask.isPending}
        onClick={() => {
          ask.mutate()
        }}
      >
        {ask.isSuccess ? 'Send another code' : 'Send the code'}
      </Button>
    </div>
  )
}

function RecoveryWay<Result>({
  prove,
  onProved,
}: {
  readonly prove: (code: string) => Promise<Result>
  readonly onProved: (result: Result) => void
}): ReactNode {
  const [code, setCode] = useState('')
  const send = useMutation({ mutationFn: () => prove(code.trim()), onSuccess: onProved })
  return (
    <Form error={send.error} onSubmit={send.mutate}>
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
    </Form>
  )
}
