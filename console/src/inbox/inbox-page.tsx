import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Outlet, useMatchRoute } from '@tanstack/react-router'
import { useCallback, type ReactNode } from 'react'
import { call } from '../api.ts'
import { useLive, type LiveState, type StreamEvent } from '../live.ts'
import { Choice } from '../ui/field.tsx'
import { MoreButton } from '../ui/more-button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Empty, Loading, PageHead } from '../ui/page.tsx'
import { useChannels } from './channels.ts'
import { ConversationList } from './conversation-list.tsx'

const route = getRouteApi('/signed-in/inbox')

const STATUSES = {
  waiting: 'Waiting for an answer',
  open: 'All open',
  bot: 'Answered automatically',
  human: 'Held by a person',
  closed: 'Closed',
}

const RENEW_MS = { connecting: 30_000, live: 120_000, broken: 10_000 } as const

/** Conversations beside the one that is open; on a narrow screen one of the two. */
export function InboxPage(): ReactNode {
  const filter = route.useSearch()
  const navigate = route.useNavigate()
  const opened = useMatchRoute()({ to: '/inbox/$id' })
  const openId = opened === false ? null : opened.id
  const queries = useQueryClient()
  const onNews = useCallback(
    ({ data }: StreamEvent) => {
      void queries.invalidateQueries({ queryKey: ['conversations'] })
      // Without an id, something may have been missed: whatever is open is read again.
      const id = conversationIn(data)
      void queries.invalidateQueries({ queryKey: id === null ? ['conversation'] : ['conversation', id] })
    },
    [queries],
  )
  const live = useLive('/inbox/stream', onNews)
  const channels = useChannels()
  const list = useInfiniteQuery({
    queryKey: ['conversations', filter],
    queryFn: ({ signal, pageParam }) =>
      call(
        'GET /inbox/conversations',
        {
          query: { status: filter.status ?? 'waiting', ...(pageParam === null ? {} : { cursor: pageParam }) },
        },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: RENEW_MS[live],
  })
  const conversations = list.data?.pages.flatMap((page) => page.conversations)
  return (
    <div className="flex min-h-full desktop:h-dvh">
      <section
        aria-label="Conversations"
        className={`min-w-0 flex-1 flex-col border-line bg-panel desktop:w-96 desktop:flex-none desktop:border-r ${openId === null ? 'flex' : 'hidden desktop:flex'}`}
      >
        <div className="flex flex-col gap-3 border-b border-line p-4">
          {openId === null ? (
            <PageHead title="Inbox" />
          ) : (
            <p className="text-xl leading-7 font-strong">Inbox</p>
          )}
          <LiveWord state={live} />
          <Choice
            quiet
            label="Conversations shown"
            choices={STATUSES}
            value={filter.status ?? 'waiting'}
            onChoose={(status) => {
              void navigate({ to: '/inbox', search: status === 'waiting' ? {} : { status }, replace: true })
            }}
          />
        </div>
        <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
          {list.error !== null && (
            <div className="p-4">
              <ProblemNotice
                error={list.error}
                retry={() => {
                  void list.refetch()
                }}
              />
            </div>
          )}
          {conversations === undefined ? (
            list.error === null && <Loading what="the conversations" />
          ) : conversations.length === 0 ? (
            <div className="p-4">
              <NobodyWaits filtered={filter.status !== undefined} connected={channels?.length !== 0} />
            </div>
          ) : (
            <ConversationList key={JSON.stringify(filter)} conversations={conversations} openId={openId} />
          )}
          <MoreButton pages={list} className="m-4">
            Load more
          </MoreButton>
        </div>
      </section>
      <section
        aria-label="Conversation"
        className={`min-w-0 flex-1 ${openId === null ? 'hidden desktop:block' : 'block'}`}
      >
        {openId === null ? <HowTo /> : <Outlet />}
      </section>
    </div>
  )
}

function conversationIn(data: string): string | null {
  try {
    const change = JSON.parse(data) as { readonly conversation?: string | null } | null
    return change?.conversation ?? null
  } catch {
    return null
  }
}

function LiveWord({ state }: { readonly state: LiveState }): ReactNode {
  const words = {
    connecting: 'Connecting…',
    live: 'Live',
    broken: 'Not live: connecting again; the list is renewed every 10 seconds',
  }[state]
  return (
    <p
      role="status"
      className={`flex items-center gap-2 text-sm ${state === 'broken' ? 'text-late' : 'text-muted'}`}
    >
      <span
        aria-hidden="true"
        className={`size-2 rounded-large ${state === 'live' ? 'bg-good' : 'border border-edge'}`}
      />
      {words}
    </p>
  )
}

function NobodyWaits({
  filtered,
  connected,
}: {
  readonly filtered: boolean
  readonly connected: boolean
}): ReactNode {
  if (!connected)
    return (
      <Empty title="No channel is connected">
        Connect WhatsApp or a web chat below “Channels”; conversations appear here by themselves.
      </Empty>
    )
  if (filtered) return <Empty title="No conversation fits the filter">Choose another state, or all.</Empty>
  return (
    <Empty title="Nobody waits">
      Every message was answered. New ones appear here by themselves, the oldest first.
    </Empty>
  )
}

function HowTo(): ReactNode {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-2 p-8 text-center text-muted">
      <p>Choose a conversation. The one that waits longest stands first.</p>
      <p>
        <Key>j</Key> <Key>k</Key> move, <Key>Enter</Key> opens, <Key>Esc</Key> goes back
      </p>
    </div>
  )
}

function Key({ children }: { readonly children: string }): ReactNode {
  return <kbd className="rounded-small border border-edge/60 px-1.5 font-sans text-sm">{children}</kbd>
}
