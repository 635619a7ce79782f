import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useEffect, useRef, type ReactNode } from 'react'
import { call, type Wire } from '../api.ts'
import type { Conversation } from '../contract/inbox.ts'
import { useMay } from '../session.tsx'
import { buttonLook } from '../ui/button.tsx'
import { Icon } from '../ui/icons.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Loading, PageHead } from '../ui/page.tsx'
import { contactName } from './contact-name.ts'
import { ConversationActs } from './conversation-acts.tsx'
import { useHolder } from './holder.ts'
import { MessageItem } from './message-item.tsx'
import { ReplyBox } from './reply-box.tsx'
import { WindowCountdown } from './window-countdown.tsx'

const route = getRouteApi('/signed-in/inbox/$id')

/** One conversation: who, the messages, how long an answer is possible, and the answer. */
export function ConversationPane(): ReactNode {
  const { id } = route.useParams()
  const { data, error, refetch } = useQuery({
    queryKey: ['conversation', id],
    queryFn: ({ signal }) => call('GET /inbox/conversations/:id', { params: { id } }, { signal }),
    refetchInterval: 60_000,
  })
  return (
    <div className="flex h-[calc(100dvh-3.25rem)] flex-col desktop:h-dvh">
      {error !== null && data === undefined && (
        <div className="flex flex-col gap-4 p-4">
          <BackToList />
          <ProblemNotice
            error={error}
            retry={() => {
              void refetch()
            }}
          />
        </div>
      )}
      {data === undefined ? (
        error === null && <Loading what="the conversation" />
      ) : (
        <Opened key={id} conversation={data} />
      )}
    </div>
  )
}

function BackToList(): ReactNode {
  return (
    <Link to="/inbox" search={true} className={`${buttonLook('quiet')} desktop:hidden`}>
      <Icon name="left" className="size-4" />
      Back to the list
    </Link>
  )
}

function Opened({ conversation }: { readonly conversation: Wire<Conversation> }): ReactNode {
  const holder = useHolder(conversation)
  const mayReply = useMay('conversation.reply')
  return (
    <>
      <div className="flex flex-col gap-2 border-b border-line bg-panel px-4 py-3">
        <div className="self-start">
          <BackToList />
        </div>
        <PageHead
          title={contactName(conversation.contact)}
          lead={
            <span className="flex flex-wrap gap-2">
              <Badge>{conversation.channel.name}</Badge>
              <Badge tone={conversation.status === 'human' ? 'accent' : 'plain'}>
                {conversation.status === 'closed' ? 'closed' : holder}
              </Badge>
              {conversation.optedOut && <Badge tone="late">said STOP</Badge>}
            </span>
          }
        >
          {mayReply && <ConversationActs conversation={conversation} />}
        </PageHead>
        <WindowCountdown conversation={conversation} />
      </div>
      <Messages conversation={conversation} />
      {mayReply && <ReplyBox conversation={conversation} />}
    </>
  )
}

const NEAR_END_PX = 120

function Messages({ conversation }: { readonly conversation: Wire<Conversation> }): ReactNode {
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const last = conversation.messages.at(-1)?.id
  useEffect(() => {
    // Who reads further up is not pulled down by a new message.
    if (atEnd.current) box.current?.scrollTo({ top: box.current.scrollHeight })
  }, [last])
  return (
    <div
      ref={box}
      role="region"
      aria-label="Messages"
      tabIndex={0}
      className="min-h-0 flex-1 overflow-y-auto p-4 -outline-offset-2"
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX
      }}
    >
      <ol
        aria-live="polite"
        aria-relevant="additions"
        aria-label="Messages, oldest first"
        className="mx-auto flex max-w-3xl flex-col gap-3"
      >
        {conversation.messages.map((message) => (
          <MessageItem key={message.id} message={message} contact={contactName(conversation.contact)} />
        ))}
      </ol>
    </div>
  )
}
