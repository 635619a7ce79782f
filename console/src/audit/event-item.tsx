import { useState, type ReactNode } from 'react'
import type { EventRow } from '../contract/audit.ts'
import { exact, Moment } from '../ui/moment.tsx'
import { Icon } from '../ui/icons.tsx'
import { Badge } from '../ui/page.tsx'
import { EventProofView } from './event-proof.tsx'

/** `sign-in.code-tried` as words. */
function words(type: string): string {
  const text = type.replaceAll('.', ': ').replaceAll('-', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** One event; opened it shows everything that it recorded and its proof. */
export function EventItem({
  event,
  ofProvider,
}: {
  readonly event: EventRow
  readonly ofProvider: boolean
}): ReactNode {
  const [open, setOpen] = useState(false)
  return (
    <li className="lazy-row border-b border-line last:border-b-0">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => {
          setOpen(!open)
        }}
        className="flex w-full items-start gap-3 px-4 py-3 text-left hover:bg-sunk"
      >
        <Icon name={open ? 'down' : 'right'} className="mt-1 size-4 text-muted" />
        <span className="min-w-0 flex-1">
          <span className="block">{words(event.type)}</span>
          <span className="block text-sm text-muted wrap-anywhere">
            {event.actor.kind} {event.actor.id} · <code className="font-mono">{event.type}</code>
          </span>
        </span>
        <span className="flex shrink-0 flex-col items-end gap-1 text-sm text-muted tablet:flex-row tablet:items-center tablet:gap-3">
          {event.outcome !== 'success' && (
            <Badge tone={event.outcome === 'failed' ? 'bad' : 'late'}>{event.outcome}</Badge>
          )}
          <Moment at={event.at} />
        </span>
      </button>
      {open && (
        <div className="flex flex-col gap-4 px-4 pt-2 pb-5 tablet:pl-11">
          <Facts event={event} />
          <EventProofView event={event} ofProvider={ofProvider} />
        </div>
      )}
    </li>
  )
}

function detailsOf(details: EventRow['details']): readonly (readonly [string, string])[] {
  if (details === null)
    return [['Details', 'The key of the workspace was destroyed; what stood here can no longer be read.']]
  if (typeof details !== 'object') return [['Details', String(details)]]
  return Object.entries(details).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
}

function Facts({ event }: { readonly event: EventRow }): ReactNode {
  const facts: readonly (readonly [string, string])[] = [
    ['When', exact(event.at)],
    ['Kind', event.kind],
    ['Actor', `${event.actor.kind} ${event.actor.id}`],
    ...(event.target === null ? [] : [['Target', `${event.target.kind} ${event.target.id}`] as const]),
    ...(event.requestId === null ? [] : [['Request', event.requestId] as const]),
    ...(event.origin === null
      ? []
      : [['Address', event.origin.ip] as const, ['Device', event.origin.userAgent] as const]),
    ...detailsOf(event.details),
  ]
  return (
    <dl className="grid gap-x-6 gap-y-1 tablet:grid-cols-[10rem_1fr]">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-sm text-muted">{name}</dt>
          <dd className="wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
