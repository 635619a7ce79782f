import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import type { Wire } from '../contract/wire.ts'
import type { ConversationRow } from '../contract/inbox.ts'
import { Button } from '../ui/button.tsx'
import { Moment } from '../ui/moment.tsx'
import { Badge } from '../ui/page.tsx'
import { useChannelName } from './channels.ts'
import { contactName } from './contact-name.ts'
import { useHolder } from './holder.ts'
import { useStableOrder } from './stable-order.ts'

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}

/** The list, oldest waiting first; `j` and `k` move, `Enter` opens, `Esc` goes back. It does not jump while it is read. */
export function ConversationList({
  conversations,
  openId,
}: {
  readonly conversations: readonly Wire<ConversationRow>[]
  readonly openId: string | null
}): ReactNode {
  const [reading, setReading] = useState(false)
  const list = useRef<HTMLUListElement>(null)
  const navigate = useNavigate()
  const { shown, held, release } = useStableOrder(conversations, reading)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('[role=dialog]') !== null)
        return
      if (event.key === 'Escape' && openId !== null) {
        void navigate({ to: '/inbox', search: true }).then(() =>
          list.current?.querySelector<HTMLElement>(`[data-id="${openId}"]`)?.focus(),
        )
        return
      }
      if (isTyping(event.target)) return
      const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0
      if (step === 0) return
      const links = [...(list.current?.querySelectorAll<HTMLElement>('a') ?? [])]
      const at = links.findIndex(
        (link) =>
          link === document.activeElement ||
          (document.activeElement?.tagName !== 'A' && link.dataset['id'] === openId),
      )
      links[Math.min(Math.max(at + step, 0), links.length - 1)]?.focus()
      event.preventDefault()
    }
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('keydown', onKey)
    }
  }, [navigate, openId])
  return (
    <>
      <div role="status" className="contents">
        {held > 0 && (
          <Button
            weight="quiet"
            className="w-full rounded-none border-b-line bg-tint text-accent"
            onClick={release}
          >
            Show {held} new
          </Button>
        )}
      </div>
      <ul
        ref={list}
        aria-label="Conversations, oldest waiting first"
        onPointerEnter={() => {
          setReading(true)
        }}
        onPointerLeave={() => {
          setReading(list.current?.contains(document.activeElement) === true)
        }}
        onFocus={() => {
          setReading(true)
        }}
        onBlur={(event) => {
          if (!event.currentTarget.contains(event.relatedTarget)) setReading(false)
        }}
      >
        {shown.map((conversation) => (
          <Item key={conversation.id} conversation={conversation} />
        ))}
      </ul>
    </>
  )
}

function Item({ conversation }: { readonly conversation: Wire<ConversationRow> }): ReactNode {
  const holder = useHolder(conversation)
  const channelName = useChannelName(conversation.channel)
  const { waitingSince } = conversation
  return (
    <li className="lazy-row border-b border-line">
      <Link
        to="/inbox/$id"
        params={{ id: conversation.id }}
        search={true}
        data-id={conversation.id}
        className="flex flex-col gap-1 px-4 py-3 -outline-offset-2 hover:bg-sunk data-[status=active]:bg-tint"
      >
        <span className="flex items-baseline justify-between gap-3">
          <span className="min-w-0 truncate font-strong">{contactName(conversation.contact)}</span>
          <span className={`shrink-0 text-sm ${waitingSince === null ? 'text-muted' : 'text-late'}`}>
            {waitingSince === null ? (
              <Moment at={conversation.last?.at ?? conversation.openedAt} />
            ) : (
              <>
                waits <Moment at={waitingSince} bare />
              </>
            )}
          </span>
        </span>
        <span className="line-clamp-1 text-muted">
          {conversation.last === null
            ? 'No message yet'
            : (conversation.last.preview ?? 'A message without text')}
        </span>
        <span className="flex flex-wrap gap-2">
          <Badge>{channelName}</Badge>
          {conversation.status === 'closed' ? (
            <Badge>closed</Badge>
          ) : (
            <Badge tone={conversation.status === 'human' ? 'accent' : 'plain'}>{holder}</Badge>
          )}
          {conversation.contact.state === 'blocked' && <Badge tone="bad">blocked</Badge>}
          {(conversation.last?.status === 'failed' || conversation.last?.status === 'refused') && (
            <Badge tone="bad">not delivered</Badge>
          )}
        </span>
      </Link>
    </li>
  )
}
