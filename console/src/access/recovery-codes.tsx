import { useState, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Tick } from '../ui/field.tsx'

/** Recovery codes, shown this once; the way on opens when they are stored. */
export function RecoveryCodes({
  codes,
  onStored,
}: {
  readonly codes: readonly string[]
  readonly onStored: () => void
}): ReactNode {
  const [stored, setStored] = useState(false)
  return (
    <div className="flex flex-col gap-4">
      <p>
        Each code lets you in once when your authenticator is lost. They are shown only now; keep them where
        your password is not.
      </p>
      <ol aria-label="Recovery codes" className="grid gap-1 rounded-large bg-sunk p-4 font-mono text-sm">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div className="flex flex-wrap gap-2">
        <CopyButton text={codes.join('\n')} what="recovery codes" />
        <Button
          onClick={() => {
            download(codes)
          }}
        >
          Download
        </Button>
      </div>
      <Tick
        label="I have stored them"
        checked={stored}
        onChange={(event) => {
          setStored(event.currentTarget.checked)
        }}
      />
      <Button weight="primary" disabled={!stored} onClick={onStored}>
        Continue
      </Button>
    </div>
  )
}

function download(codes: readonly string[]): void {
  const address = URL.createObjectURL(
    new Blob([`Surety recovery codes\n\n${codes.join('\n')}\n`], { type: 'text/plain' }),
  )
  const link = document.createElement('a')
  link.href = address
  link.download = 'surety-recovery-codes.txt'
  link.click()
  window.setTimeout(() => {
    URL.revokeObjectURL(address)
  }, 1000)
}
