import type { ReactNode } from 'react'
import { Button } from '../ui/button.tsx'

/** Stops what renews itself, and lets it go on. */
export function PauseButton({
  paused,
  onChange,
}: {
  readonly paused: boolean
  readonly onChange: (paused: boolean) => void
}): ReactNode {
  return (
    <Button
      aria-pressed={paused}
      onClick={() => {
        onChange(!paused)
      }}
    >
      {paused ? 'Go on' : 'Pause'}
    </Button>
  )
}
