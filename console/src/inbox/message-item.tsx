import type { ReactNode } from 'react'
import type { Message } from '../contract/inbox.ts'
import { useMe } from '../session.tsx'
import { useRuleName } from './rules.ts'
import { Icon } from '../ui/icons.tsx'
import { Moment } from '../ui/moment.tsx'

const DELIVERY: Readonly<Record<Message['status'], string>> = {
  received: 'received',
  queued: 'on its way',
  refused: 'not sent',
  sent: 'sent',
  failed: 'failed',
  delivered: 'delivered',
  read: 'read',
}

/** How far a message of ours came; a stand-in says so, so that nobody believes that a customer saw it. */
export function deliveryWords({
  status,
  providerLabel,
  errorCode,
  gate,
}: Pick<Message, 'status' | 'providerLabel' | 'errorCode' | 'gate'>): string {
  const refused = status === 'refused' && gate !== null ? `: ${gate}` : ''
  const why = errorCode === null ? '' : ` (${errorCode})`
  return `${providerLabel ?? DELIVERY[status]}${refused}${why}`
}

/** One message with its author and, for ours, how far it came. */
export function MessageItem({
  message,
  contact,
}: {
  readonly message: Message
  readonly contact: string
}): ReactNode {
  const me = useMe()
  const ruleName = useRuleName(message.ruleId)
  const out = message.direction === 'out'
  const bad = message.status === 'failed' || message.status === 'refused'
  const author =
    message.author === 'contact'
      ? contact
      : message.author === 'rule'
        ? `Automatic reply${ruleName === null ? '' : ` “${ruleName}”`}`
        : message.authorId === me.account?.id
          ? 'You'
          : 'A colleague'
  return (
    <li
      className={`flex max-w-[85%] flex-col gap-1 ${out ? 'items-end self-end' : 'items-start self-start'}`}
    >
      <span className="flex items-center gap-1.5 text-sm text-muted">
        {message.author === 'rule' && <Icon name="bot" className="size-4" />}
        {author}
      </span>
      <div
        className={`rounded-large border px-3 py-2 wrap-anywhere whitespace-pre-wrap ${bad ? 'border-bad/60 bg-bad-tint' : out ? 'border-transparent bg-tint' : 'border-line bg-panel'}`}
      >
        {message.text ?? <span className="text-muted">A message without text ({message.type})</span>}
      </div>
      <span className={`text-sm ${bad ? 'text-bad' : 'text-muted'}`}>
        <Moment at={message.sentAt} />
        {out && <> · {deliveryWords(message)}</>}
      </span>
    </li>
  )
}
