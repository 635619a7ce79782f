import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { RefusalRow } from '../contract/gateway.ts'
import { Moment } from '../ui/moment.tsx'
import { Badge, Panel } from '../ui/page.tsx'
import { useRowKeys } from '../ui/row-keys.ts'
import { OUTCOMES } from './refused-filter.ts'

/** Refused requests, a line or two each; moved through with j and k, opened with Enter. */
export function RefusedList({
  rows,
  onOpen,
}: {
  readonly rows: readonly RefusalRow[]
  readonly onOpen: (requestId: string) => void
}): ReactNode {
  const open = ({ id }: RefusalRow): void => {
    onOpen(id)
  }
  const keys = useRowKeys(rows, { Enter: open, o: open })
  return (
    <Panel>
      <ul aria-label="Refused requests" onKeyDown={keys.onKeyDown}>
        {rows.map((one, at) => (
          <li
            key={one.id}
            {...keys.row(at)}
            className="lazy-row flex flex-wrap items-start justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-3 last:border-b-0 hover:bg-sunk focus-visible:-outline-offset-2"
          >
            <div className="min-w-0">
              <Link
                to="/traffic/refused/$requestId"
                params={{ requestId: one.id }}
                tabIndex={-1}
                className="text-accent underline wrap-anywhere"
              >
                {one.message === '' ? 'No message' : one.message}
              </Link>
              <span className="block text-sm text-muted wrap-anywhere">
                <code className="font-mono">
                  {one.method} {one.route}
                </code>{' '}
                · rule {one.rule} · score {one.score}
                {one.rules.length > 1 && ` · ${one.rules.length} rules matched`}
              </span>
            </div>
            <span className="flex items-center gap-3 text-sm text-muted">
              <OutcomeBadge of={one.outcome} />
              <Moment at={one.at} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

/** What became of the request. */
export function OutcomeBadge({ of }: { readonly of: string }): ReactNode {
  const words = Object.hasOwn(OUTCOMES, of) ? OUTCOMES[of as keyof typeof OUTCOMES] : 'noticed'
  return <Badge tone={of === 'blocked' ? 'bad' : 'late'}>{words}</Badge>
}
