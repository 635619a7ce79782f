import { useEffect, useRef, type ReactNode } from 'react'
import { asProblem } from '../api.ts'
import { Button } from './button.tsx'
import { CopyButton } from './copy-button.tsx'
import { Icon } from './icons.tsx'

/** A refusal: title, detail, remedy and request id. It takes the focus when it answers something a person just did. */
export function ProblemNotice({
  error,
  retry,
  focus = false,
}: {
  readonly error: unknown
  readonly retry?: () => void
  readonly focus?: boolean
}): ReactNode {
  const problem = asProblem(error)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (focus) box.current?.focus()
  }, [focus, error])
  const wait = problem.retryAfterSeconds
  return (
    <div
      ref={box}
      role="alert"
      tabIndex={-1}
      className="flex gap-3 rounded-large border border-bad/50 bg-bad-tint p-4"
    >
      <Icon name="warning" className="mt-0.5 size-5 text-bad" />
      <div className="flex min-w-0 flex-col gap-1">
        <strong className="text-bad">{problem.title}</strong>
        <p className="wrap-anywhere">{problem.detail}</p>
        <p className="text-muted">
          {problem.remedy}
          {wait !== null && ` It is free again in ${wait} seconds.`}
        </p>
        {problem.requestId !== null && (
          <p className="flex flex-wrap items-center gap-2 text-sm text-muted">
            <span>
              Request <code className="font-mono wrap-anywhere">{problem.requestId}</code>
            </span>
            <CopyButton text={problem.requestId} what="request id" />
          </p>
        )}
        {retry !== undefined && (
          <div className="pt-2">
            <Button onClick={retry}>Try again</Button>
          </div>
        )}
      </div>
    </div>
  )
}

/** Something worth knowing that is no refusal. */
export function Notice({
  tone = 'plain',
  children,
}: {
  readonly tone?: 'plain' | 'late' | 'good'
  readonly children: ReactNode
}): ReactNode {
  const look = {
    plain: 'border-line bg-sunk',
    late: 'border-late/50 bg-late-tint',
    good: 'border-good/50 bg-panel',
  }[tone]
  const ink = { plain: 'text-muted', late: 'text-late', good: 'text-good' }[tone]
  return (
    <div className={`flex gap-3 rounded-large border p-4 ${look}`}>
      <Icon
        name={tone === 'good' ? 'check' : tone === 'late' ? 'clock' : 'shield'}
        className={`mt-0.5 size-5 ${ink}`}
      />
      <div className="flex min-w-0 flex-col gap-1">{children}</div>
    </div>
  )
}
