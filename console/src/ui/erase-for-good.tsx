import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { ProblemNotice } from './notice.tsx'

/** The last question before something is erased: what will be lost, one press for good, and the way back. */
export function EraseForGood({
  erase,
  back,
  onBack,
  children,
}: {
  /** What erases, as far as it has come. */
  readonly erase: {
    readonly isError: boolean
    readonly isPending: boolean
    readonly error: Error | null
    readonly mutate: () => void
  }
  /** The words of the way back. */
  readonly back: string
  readonly onBack: () => void
  readonly children: ReactNode
}): ReactNode {
  return (
    <div className="flex flex-col gap-4">
      {erase.isError && <ProblemNotice error={erase.error} focus />}
      {children}
      <div className="flex flex-wrap gap-2">
        <Button
          weight="danger"
          busy={erase.isPending}
          onClick={() => {
            erase.mutate()
          }}
        >
          Erase for good
        </Button>
        <Button onClick={onBack}>{back}</Button>
      </div>
    </div>
  )
}
