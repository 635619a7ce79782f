import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { useMay } from '../session.tsx'
import { Button } from '../ui/button.tsx'
import { isNarrowed, NothingFits } from '../ui/filter.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { MoreButton } from '../ui/more-button.tsx'
import { Empty, PageBody, PageHead, Panel } from '../ui/page.tsx'
import { EventFilterForm } from './event-filter-form.tsx'
import type { EventSearch } from './event-filter.ts'
import { EventItem } from './event-item.tsx'

const PAGE = 50

const route = getRouteApi('/signed-in/audit')

/** The audit log, newest first; every event opens to its proof. Policy 8.1-0, 8.2-a.3. */
export function AuditPage(): ReactNode {
  const filter = route.useSearch()
  const navigate = route.useNavigate()
  const mayOwn = useMay('audit.read')
  const pages = useInfiniteQuery({
    queryKey: ['audit', filter],
    queryFn: ({ signal, pageParam }) => {
      const { log, ...query } = filter
      const page = { query: { ...query, most: PAGE, ...(pageParam === null ? {} : { before: pageParam }) } }
      const own = log === undefined && mayOwn
      return own
        ? call('GET /api/audit/events', page, { signal })
        : call('GET /api/audit/provider-events', page, { signal })
    },
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.events.length < PAGE ? null : page.events.at(-1)?.written),
    // Reading is itself an event: the log is read again only when somebody asks.
    refetchOnWindowFocus: false,
    staleTime: 60_000,
  })
  const events = pages.data?.pages.flatMap((page) => page.events) ?? []
  const narrow = (search: EventSearch): void => {
    void navigate({ search, replace: true })
  }
  return (
    <PageBody>
      <PageHead
        title="Audit log"
        lead="What happened, who did it, and the proof that nobody changed the record."
      >
        <Button
          busy={pages.isFetching && !pages.isFetchingNextPage && pages.data !== undefined}
          onClick={() => {
            void pages.refetch()
          }}
        >
          Refresh
        </Button>
      </PageHead>
      <EventFilterForm filter={filter} onChange={narrow} />
      <Loaded query={pages} what="the events">
        {() =>
          events.length > 0 ? (
            <Panel>
              <ul aria-label="Events">
                {events.map((event) => (
                  <EventItem key={event.id} event={event} ofProvider={filter.log === 'provider' || !mayOwn} />
                ))}
              </ul>
            </Panel>
          ) : isNarrowed(filter) ? (
            <NothingFits
              what="event"
              onClear={() => {
                narrow({})
              }}
            />
          ) : (
            <Empty title="No events yet">
              Events appear as soon as somebody signs in, writes or changes something.
            </Empty>
          )
        }
      </Loaded>
      <MoreButton pages={pages}>Load older events</MoreButton>
    </PageBody>
  )
}
