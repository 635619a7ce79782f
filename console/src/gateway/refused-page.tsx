import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { isNarrowed, NothingFits } from '../ui/filter.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { isReadingOn, MoreButton } from '../ui/more-button.tsx'
import { Empty, PageBody, PageHead } from '../ui/page.tsx'
import { LIVE_MS } from './gateway-api.ts'
import { GatewayTabs } from './gateway-tabs.tsx'
import { PauseButton } from './pause-button.tsx'
import { FindRefusal, RefusedFilterForm } from './refused-filter-form.tsx'
import type { RefusedSearch } from './refused-filter.ts'
import { RefusedList } from './refused-list.tsx'

const PAGE = 50

const route = getRouteApi('/signed-in/traffic/refused')

/** What the firewall refused, newest first; each opens to the reason. Policy 4.1-a. */
export function RefusedPage(): ReactNode {
  const filter = route.useSearch()
  const navigate = route.useNavigate()
  const [paused, setPaused] = useState(false)
  const pages = useInfiniteQuery({
    queryKey: ['gateway', 'refused', filter],
    queryFn: ({ signal, pageParam }) =>
      call(
        'GET /api/gateway/blocks',
        { query: { ...filter, limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) } },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => (paused || isReadingOn(state.data) ? false : LIVE_MS),
  })
  const rows = pages.data?.pages.flatMap(({ blocks }) => blocks) ?? []
  const reading = isReadingOn(pages.data)
  const narrow = (search: RefusedSearch): void => {
    void navigate({ search, replace: true })
  }
  const open = (requestId: string): void => {
    void navigate({ to: '/traffic/refused/$requestId', params: { requestId } })
  }
  return (
    <PageBody>
      <PageHead
        title="Refused requests"
        lead="Kept for thirty days. With the keyboard: j and k move, Enter says why."
      >
        {reading ? (
          <Button
            busy={pages.isFetching && !pages.isFetchingNextPage}
            onClick={() => {
              void pages.refetch()
            }}
          >
            Refresh
          </Button>
        ) : (
          <PauseButton paused={paused} onChange={setPaused} />
        )}
      </PageHead>
      <GatewayTabs />
      <div className="grid items-end gap-x-8 gap-y-3 desktop:grid-cols-[2fr_1fr]">
        <RefusedFilterForm filter={filter} onChange={narrow} />
        <FindRefusal onFind={open} />
      </div>
      <Loaded query={pages} what="the refused requests">
        {() =>
          rows.length > 0 ? (
            <RefusedList rows={rows} onOpen={open} />
          ) : isNarrowed(filter) ? (
            <NothingFits
              what="refusal"
              onClear={() => {
                narrow({})
              }}
            />
          ) : (
            <Empty title="Nothing was refused yet">
              A request appears here within seconds once the rules object to it.
            </Empty>
          )
        }
      </Loaded>
      <MoreButton pages={pages}>Load older ones</MoreButton>
    </PageBody>
  )
}
