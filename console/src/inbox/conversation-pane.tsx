import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { ConversationRow } from '../contract/inbox.ts'
import { useMay } from '../session.tsx'
import { buttonLook } from '../ui/button.tsx'
import { Icon } from '../ui/icons.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Loading, PageHead } from '../ui/page.tsx'
import { useChannelName } from './channels.ts'
import { contactName } from './contact-name.ts'
import { ConversationActs } from './conversation-acts.tsx'
import { EraseContact } from './erase-contact.tsx'
import { useHolder } from './holder.ts'
import { MessageList } from './message-list.tsx'
import { ReplyBox } from './reply-box.tsx'
import { WindowCountdown } from './window-countdown.tsx'

const route = getRouteApi('/signed-in/inbox/$id')

/** One conversation: who, the messages, how long an answer is possible, and the answer. */
export function ConversationPane(): ReactNode {
  const { id } = route.useParams()
  const mayReply = useMay('conversation.reply')
  const [erased, setErased] = useState<string | null>(null)
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['conversation', id],
    queryFn: ({ signal, pageParam }) =>
      call(
        'GET /inbox/conversations/:id',
        { params: { id }, ...(pageParam === null ? {} : { query: { before: pageParam } }) },
        { signal },
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.older,
    refetchInterval: 60_000,
    enabled: erased !== id,
  })
  const newest = data?.pages[0]
  if (newest === undefined)
    return (
      <div className="flex flex-col gap-4 p-4">
        <BackToList />
        {error === null ? (
          <Loading what="the conversation" />
        ) : (
          <ProblemNotice
            error={error}
            retry={() => {
              void refetch()
            }}
          />
        )}
      </div>
    )
  const { conversation } = newest
  return (
    <div className="flex h-[calc(100dvh-3.25rem)] flex-col desktop:h-dvh">
      <ConversationHead
        conversation={conversation}
        identities={newest.identities.map(({ masked }) => masked)}
        mayReply={mayReply}
        onErased={() => {
          setErased(id)
        }}
      />
      <MessageList
        key={`messages ${id}`}
        messages={data?.pages.toReversed().flatMap((page) => page.messages) ?? []}
        contact={contactName(conversation.contact)}
        older={
          hasNextPage
            ? {
                busy: isFetchingNextPage,
                load: () => {
                  void fetchNextPage()
                },
              }
            : null
        }
      />
      {mayReply && <ReplyBox key={`reply ${id}`} conversation={conversation} />}
    </div>
  )
}

function BackToList(): ReactNode {
  return (
    <Link to="/inbox" search={true} className={`${buttonLook('quiet')} -ml-3 self-start desktop:hidden`}>
      <Icon name="left" className="size-4" />
      Back to the list
    </Link>
  )
}

function ConversationHead({
  conversation,
  identities,
  mayReply,
  onErased,
}: {
  readonly conversation: ConversationRow
  readonly identities: readonly string[]
  readonly mayReply: boolean
  readonly onErased: () => void
}): ReactNode {
  const holder = useHolder(conversation)
  const mayErase = useMay('contact.erase')
  const channel = useChannelName(conversation.channel)
  return (
    <div className="flex flex-col gap-2 border-b border-line bg-panel px-4 py-3">
      <BackToList />
      <PageHead
        title={contactName(conversation.contact)}
        lead={
          <span className="flex flex-wrap items-center gap-2">
            <Badge>{channel}</Badge>
            <Badge tone={conversation.status === 'human' ? 'accent' : 'plain'}>
              {conversation.status === 'closed' ? 'closed' : holder}
            </Badge>
            {conversation.contact.state === 'blocked' && <Badge tone="bad">blocked</Badge>}
            {identities.map((masked) => (
              <span key={masked} className="text-sm">
                {masked}
              </span>
            ))}
          </span>
        }
      >
        {mayReply && <ConversationActs conversation={conversation} />}
        {mayErase && <EraseContact contact={conversation.contact} onErased={onErased} />}
      </PageHead>
      <WindowCountdown conversation={conversation} />
    </div>
  )
}
