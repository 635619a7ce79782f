import type { ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'

/** A secret that is shown this once: read, copy, done. */
export function OnceShown({
  what,
  secret,
  onDone,
  children,
}: {
  readonly what: string
  readonly secret: string
  readonly onDone: () => void
  readonly children: ReactNode
}): ReactNode {
  return (
    <div className="flex flex-col gap-4">
      <p>{children}</p>
      <output
        aria-label={what}
        className="rounded-large bg-sunk p-4 font-mono text-sm wrap-anywhere select-all"
      >
        {secret}
      </output>
      <div className="flex flex-wrap gap-2">
        <CopyButton text={secret} what={what} />
        <Button weight="primary" onClick={onDone}>
          Done
        </Button>
      </div>
    </div>
  )
}
