import { useMutation, useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { Level } from '../contract/access.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Loading } from '../ui/page.tsx'
import { FactorSetup } from './factor-setup.tsx'
import { enrolKey, keysWork } from './keys.ts'
import { SetUpNumber } from './set-up-number.tsx'

/** What was set up: codes to store, and how far the session reaches now. */
export type Enrolled = (recoveryCodes: readonly string[], level: Level) => void

type Way = 'totp' | 'webauthn' | 'sms'

const NAMES: Readonly<Record<Way, string>> = {
  totp: 'Use an authenticator app',
  webauthn: 'Use a security key or passkey',
  sms: 'Use text messages (the weakest way)',
}

/** Sets up the second factor that nobody works without. Policy 3.1-0. */
export function Enrol({ onDone }: { readonly onDone: Enrolled }): ReactNode {
  const [way, setWay] = useState<Way>('totp')
  const others = (Object.keys(NAMES) as Way[]).filter(
    (one) => one !== way && (one !== 'webauthn' || keysWork),
  )
  return (
    <div className="flex flex-col gap-4">
      {way === 'totp' && <EnrolApp onDone={onDone} />}
      {way === 'webauthn' && <EnrolKey onDone={onDone} />}
      {way === 'sms' && (
        <SetUpNumber
          onDone={({ level, recoveryCodes }) => {
            onDone(recoveryCodes, level)
          }}
        />
      )}
      <ul className="flex flex-col items-start" aria-label="Other ways">
        {others.map((one) => (
          <li key={one}>
            <button
              type="button"
              className="tap text-accent underline"
              onClick={() => {
                setWay(one)
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

function EnrolApp({ onDone }: { readonly onDone: Enrolled }): ReactNode {
  // One secret for one visit: asking again would make the one that was scanned useless.
  const { data, error, refetch } = useQuery({
    queryKey: ['enrol'],
    queryFn: () => call('POST /api/access/enrol', { body: { label: 'Authenticator app' } }),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const confirm = useMutation({
    mutationFn: (body: { factorId: string; code: string }) =>
      call('POST /api/access/enrol/confirm', { body }),
    onSuccess: ({ recoveryCodes, level }) => {
      onDone(recoveryCodes, level)
    },
  })
  if (error !== null)
    return (
      <ProblemNotice
        error={error}
        focus
        retry={() => {
          void refetch()
        }}
      />
    )
  if (data === undefined) return <Loading what="your secret" />
  return (
    <FactorSetup
      offer={data}
      busy={confirm.isPending}
      error={confirm.error}
      onCode={(code) => {
        confirm.mutate({ factorId: data.factorId, code })
      }}
    />
  )
}

function EnrolKey({ onDone }: { readonly onDone: Enrolled }): ReactNode {
  const [label, setLabel] = useState('Security key')
  const key = useMutation({
    mutationFn: () => enrolKey(label.trim()),
    onSuccess: ({ recoveryCodes, level }) => {
      onDone(recoveryCodes, level)
    },
  })
  return (
    <Form error={key.error} onSubmit={key.mutate}>
      <TextField
        label="Name of the key"
        required
        maxLength={60}
        value={label}
        onChange={(event) => {
          setLabel(event.currentTarget.value)
        }}
      />
      <Button type="submit" weight="primary" busy={key.isPending}>
        Set up the key
      </Button>
    </Form>
  )
}
