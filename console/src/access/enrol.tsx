import { useMutation, useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Loading } from '../ui/page.tsx'
import { QrCode } from '../ui/qr-code.tsx'
import { CodeField } from './code-field.tsx'

/** Sets up the second factor that nobody works without: QR code or secret, then one code as proof. Policy 3.1-0. */
export function Enrol({
  onDone,
}: {
  readonly onDone: (recoveryCodes: readonly string[]) => void
}): ReactNode {
  const [code, setCode] = useState('')
  // One secret for one visit: asking again would make the one that was scanned useless.
  const { data, error, refetch } = useQuery({
    queryKey: ['enrol'],
    queryFn: () => call('POST /api/access/enrol'),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const confirm = useMutation({
    mutationFn: () => call('POST /api/access/enrol/confirm', { body: { code } }),
    onSuccess: ({ recoveryCodes }) => {
      onDone(recoveryCodes)
    },
    onError: () => {
      setCode('')
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
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        confirm.mutate()
      }}
    >
      <p>Scan this with an authenticator app, then enter the code that it shows.</p>
      <div className="self-center rounded-large border border-line p-2">
        <QrCode text={data.uri} label="QR code with the secret for your authenticator app" />
      </div>
      <details>
        <summary className="text-accent">Cannot scan it? Type the secret</summary>
        <p className="flex flex-wrap items-center gap-2 pt-2">
          <code className="font-mono wrap-anywhere" data-testid="totp-secret">
            {data.secret.match(/.{1,4}/g)?.join(' ')}
          </code>
          <CopyButton text={data.secret} what="secret" />
        </p>
        <p className="text-sm text-muted">Time-based, six digits, 30 seconds, SHA-1.</p>
      </details>
      {confirm.isError && <ProblemNotice error={confirm.error} focus />}
      <CodeField value={code} onChange={setCode} />
      <Button type="submit" weight="primary" busy={confirm.isPending} disabled={code.length !== 6}>
        Confirm
      </Button>
    </form>
  )
}
