import type { ReactNode } from 'react'
import type { ClauseParameter } from '../contract/policy.ts'
import { exact, Moment } from '../ui/moment.tsx'
import { Notice } from '../ui/notice.tsx'

/** A weaker value that is announced and comes into force after the notice period. Policy 14-b. */
export function PendingNotice({ parameter }: { readonly parameter: ClauseParameter }): ReactNode {
  const { pending, text } = parameter
  if (pending === null) return null
  return (
    <Notice tone="late">
      <strong>
        This sentence changes <Moment at={pending.effectiveAt} />
      </strong>
      <p>
        From “{text}” to “{pending.text}” on {exact(pending.effectiveAt)}, with version {pending.version}. The
        change weakens the promise, so it waits for the notice period; until then the present value holds.
      </p>
    </Notice>
  )
}
