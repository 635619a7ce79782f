import type { ReactNode } from 'react'
import type { Wire } from '../contract/wire.ts'
import type { ConversationRow } from '../contract/inbox.ts'
import { Icon } from '../ui/icons.tsx'
import { exact, span, useNow } from '../ui/moment.tsx'

const SOON_SECONDS = 2 * 3600

/** Why no answer can be sent now, in one sentence; null when it can. */
export function useRefusal(
  conversation: Pick<Wire<ConversationRow>, 'status' | 'windowClosesAt'>,
): string | null {
  const now = useNow()
  if (conversation.status === 'closed')
    return 'The conversation is closed. It opens again when the contact writes.'
  if (conversation.windowClosesAt !== null && Date.parse(conversation.windowClosesAt) <= now)
    return 'The 24-hour window is closed: WhatsApp accepts no free answer until the contact writes again.'
  return null
}

/** How long a free answer is still possible. */
export function WindowCountdown({
  conversation,
}: {
  readonly conversation: Pick<Wire<ConversationRow>, 'status' | 'windowClosesAt'>
}): ReactNode {
  const now = useNow()
  const { windowClosesAt } = conversation
  if (windowClosesAt === null || conversation.status === 'closed') return null
  const left = (Date.parse(windowClosesAt) - now) / 1000
  const tone = left <= 0 ? 'text-bad' : left < SOON_SECONDS ? 'text-late' : 'text-muted'
  return (
    <p className={`flex items-center gap-2 text-sm ${tone}`} title={exact(windowClosesAt)}>
      <Icon name="clock" className="size-4" />
      {left <= 0
        ? `24-hour window closed ${span(-left)} ago`
        : `24-hour window: ${span(left)} left to answer`}
    </p>
  )
}
