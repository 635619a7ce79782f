import type { ReactNode } from 'react'
import { ProblemNotice } from './notice.tsx'

/** A form, one field below the other; what refused it stands above the fields and takes the focus. */
export function Form({
  intro,
  error,
  onSubmit,
  children,
}: {
  /** Stands above a refusal. */
  readonly intro?: ReactNode
  readonly error: Error | null
  readonly onSubmit: () => void
  readonly children: ReactNode
}): ReactNode {
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      {intro}
      {error !== null && <ProblemNotice error={error} focus />}
      {children}
    </form>
  )
}
