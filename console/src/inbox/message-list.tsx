import { useLayoutEffect, useRef, type ReactNode } from 'react'
import type { Message } from '../contract/inbox.ts'
import { Button } from '../ui/button.tsx'
import { MessageItem } from './message-item.tsx'

const NEAR_END_PX = 120

/** Messages, oldest first; opens at the newest one and does not pull down who reads further up. */
export function MessageList({
  messages,
  contact,
  older,
}: {
  readonly messages: readonly Message[]
  readonly contact: string
  readonly older: { readonly busy: boolean; readonly load: () => void } | null
}): ReactNode {
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const fromEnd = useRef(0)
  const first = messages[0]?.id
  const last = messages.at(-1)?.id
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    // Older messages grow the list upwards: what is being read stays where it is.
    element.scrollTop = atEnd.current ? element.scrollHeight : element.scrollHeight - fromEnd.current
  }, [first, last])
  return (
    <div
      ref={box}
      role="region"
      aria-label="Messages"
      tabIndex={0}
      className="flex min-h-0 flex-1 flex-col gap-3 overflow-y-auto p-4 -outline-offset-2"
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        fromEnd.current = scrollHeight - scrollTop
        atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX
      }}
    >
      {older !== null && (
        <Button className="self-center" busy={older.busy} onClick={older.load}>
          Load older messages
        </Button>
      )}
      <ol
        aria-live="polite"
        aria-relevant="additions"
        aria-label="Messages, oldest first"
        className="mx-auto flex w-full max-w-3xl flex-col gap-3"
      >
        {messages.map((message) => (
          <MessageItem key={message.id} message={message} contact={contact} />
        ))}
      </ol>
    </div>
  )
}
