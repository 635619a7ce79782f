import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { DryRun } from '../contract/gateway.ts'
import { Notice } from '../ui/notice.tsx'

/** What an exclusion would do: which stored refusals would pass, and which known attacks would get through. */
export function DryRunResult({ of }: { readonly of: DryRun }): ReactNode {
  const { letThrough, stillBlocked, attacksLetThrough, attacks, judged, notRepeatable } = of
  const safe = attacksLetThrough.length === 0
  return (
    <div className="flex flex-col gap-3">
      <Notice tone={safe ? 'good' : 'late'}>
        <strong>
          {safe
            ? `All ${attacks} known attacks are judged as before`
            : `${attacksLetThrough.length} of ${attacks} known attacks would get through here`}
        </strong>
        <p>
          {judged === 0
            ? 'No stored refusal of this route could be judged again.'
            : `Of ${judged} stored ${judged === 1 ? 'refusal' : 'refusals'} here, ${letThrough.length} would pass and ${stillBlocked.length} would still be refused.`}
          {notRepeatable > 0 &&
            ` ${notRepeatable} more say nothing: what was kept of them is not enough to judge them again.`}
        </p>
      </Notice>
      {attacksLetThrough.length > 0 && (
        <div>
          <h3 className="text-sm text-muted">Attacks that would get through</h3>
          <ul aria-label="Attacks that would get through" className="list-disc pl-5">
            {attacksLetThrough.map((id) => (
              <li key={id} className="font-mono text-sm">
                {id}
              </li>
            ))}
          </ul>
        </div>
      )}
      <Tried title="Would pass now" rows={letThrough} />
      <Tried title="Would still be refused" rows={stillBlocked} />
    </div>
  )
}

const SHOWN_MAX = 20

function Tried({ title, rows }: { readonly title: string; readonly rows: DryRun['letThrough'] }): ReactNode {
  if (rows.length === 0) return null
  return (
    <div>
      <h3 className="text-sm text-muted">{title}</h3>
      <ul aria-label={title} className="flex flex-col gap-1">
        {rows.slice(0, SHOWN_MAX).map(({ id, scoreBefore, scoreAfter, gone }) => (
          <li key={id} className="text-sm wrap-anywhere">
            <Link
              to="/traffic/refused/$requestId"
              params={{ requestId: id }}
              className="font-mono text-accent underline"
            >
              {id}
            </Link>{' '}
            score {scoreBefore} → {scoreAfter}
            {gone.length > 0 && `, no longer matched: ${gone.join(', ')}`}
          </li>
        ))}
        {rows.length > SHOWN_MAX && (
          <li className="text-sm text-muted">and {rows.length - SHOWN_MAX} more</li>
        )}
      </ul>
    </div>
  )
}
