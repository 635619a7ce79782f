import { useState, type ReactNode } from 'react'
import type { FactorOffer } from '../contract/access.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { QrCode } from '../ui/qr-code.tsx'
import { CodeField } from './code-field.tsx'

/** Shows a new factor's secret as QR code and in words, and asks for one code as proof that it arrived. */
export function FactorSetup({
  offer,
  busy,
  error,
  onCode,
}: {
  readonly offer: FactorOffer
  readonly busy: boolean
  readonly error: unknown
  readonly onCode: (code: string) => void
}): ReactNode {
  const [code, setCode] = useState('')
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        onCode(code)
        setCode('')
      }}
    >
      <p>Scan this with an authenticator app, then enter the code that it shows.</p>
      <div className="self-center rounded-large border border-line p-2">
        <QrCode text={offer.uri} label="QR code with the secret for your authenticator app" />
      </div>
      <details>
        <summary className="text-accent">Cannot scan it? Type the secret</summary>
        <p className="flex flex-wrap items-center gap-2 pt-2">
          <output aria-label="Secret" className="font-mono wrap-anywhere">
            {offer.secret.match(/.{1,4}/g)?.join(' ')}
          </output>
          <CopyButton text={offer.secret} what="secret" />
        </p>
        <p className="text-sm text-muted">Time-based, six digits, 30 seconds, SHA-1.</p>
      </details>
      {error !== null && <ProblemNotice error={error} focus />}
      <CodeField value={code} onChange={setCode} />
      <Button type="submit" weight="primary" busy={busy} disabled={code.length !== 6}>
        Confirm
      </Button>
    </form>
  )
}
