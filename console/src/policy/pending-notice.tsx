import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { PendingChange } from '../contract/policy.ts'
import { exact, Moment } from '../ui/moment.tsx'
import { Notice } from '../ui/notice.tsx'

/** A weaker value that is announced and comes into force after the notice period. Policy 14-b. */
export function PendingNotice({
  pending,
  linked = false,
}: {
  readonly pending: PendingChange
  readonly linked?: boolean
}): ReactNode {
  return (
    <Notice tone="late">
      <strong>
        {linked ? (
          <Link to="/policy/clause/$id" params={{ id: pending.clause }} className="underline">
            {pending.clause}
          </Link>
        ) : (
          pending.clause
        )}{' '}
        changes <Moment at={pending.inForceAt} />
      </strong>
      <p>
        From “{pending.before}” to “{pending.after}” on {exact(pending.inForceAt)}. The change weakens the
        promise, so it waits for the notice period; until then the present value holds.
      </p>
    </Notice>
  )
}
