import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { BlockedClient } from '../contract/gateway.ts'
import { useMay, useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Moment, useNow } from '../ui/moment.tsx'
import { isReadingOn, MoreButton } from '../ui/more-button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Empty, PageBody, PageHead, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { KINDS } from './block-list-search.ts'
import { GatewayTabs } from './gateway-tabs.tsx'
import { NewBlock } from './new-block.tsx'

const route = getRouteApi('/signed-in/traffic/block-list')
const KEY = ['gateway', 'block-list'] as const

/** Who is turned away at the gateway, until when and why; undone with one act. Policy 4.1-d. */
export function BlockListPage(): ReactNode {
  const may = useMay('gateway.change')
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const queries = useQueryClient()
  const now = useNow()
  const pages = useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ signal, pageParam }) =>
      call('GET /api/gateway/block-list', { query: pageParam ?? {} }, { signal }),
    initialPageParam: null as { readonly before: string; readonly id: string } | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => (isReadingOn(state.data) ? false : 30_000),
  })
  const rows = pages.data?.pages.flatMap(({ blocks }) => blocks) ?? []
  const active = rows.filter(({ lifted, endsAt }) => lifted === null && Date.parse(endsAt) > now)
  const ended = rows.filter((one) => !active.includes(one))
  return (
    <PageBody>
      <PageHead
        title="Block list"
        lead="Whoever is on it is turned away from the next request on, by every gateway within a second."
      >
        {may && (
          <NewBlock
            key={JSON.stringify(search)}
            start={search}
            onClose={() => {
              void navigate({ search: {}, replace: true })
            }}
            onDone={() => {
              void queries.invalidateQueries({ queryKey: KEY })
            }}
          />
        )}
      </PageHead>
      <GatewayTabs />
      <Loaded query={pages} what="the block list">
        {() => (
          <>
            <Section title="Turned away now">
              {active.length === 0 ? (
                <Empty title="Nobody is turned away">
                  {may
                    ? 'A block takes effect at once, ends by itself, and can be lifted at any time.'
                    : 'Somebody whose role allows it can add a block; it ends by itself.'}
                </Empty>
              ) : (
                <Blocked label="Turned away now" rows={active} may={may} />
              )}
            </Section>
            {ended.length > 0 && (
              <Section title="Ended" lead="Kept for ninety days.">
                <Blocked label="Ended blocks" rows={ended} may={false} />
              </Section>
            )}
          </>
        )}
      </Loaded>
      <MoreButton pages={pages}>Load older ones</MoreButton>
    </PageBody>
  )
}

function Blocked({
  label,
  rows,
  may,
}: {
  readonly label: string
  readonly rows: readonly BlockedClient[]
  readonly may: boolean
}): ReactNode {
  const { account } = useMe()
  const who = (by: BlockedClient['by']): string =>
    by.kind === 'account' && by.id === account?.id ? 'you' : `${by.kind} ${by.id}`
  const columns = ['Who', 'Why', 'Made', 'Ends', ...(may ? ['Act'] : [])]
  return (
    <Table label={label} columns={columns}>
      {rows.map((one) => (
        <Row key={one.id}>
          <Cell of="Who">
            <code className="block font-mono wrap-anywhere">{one.subject}</code>
            <span className="text-sm text-muted">{KINDS[one.kind]}</span>
          </Cell>
          <Cell of="Why">{one.reason}</Cell>
          <Cell of="Made">
            <Moment at={one.madeAt} /> by {who(one.by)}
          </Cell>
          <Cell of="Ends">
            {one.lifted === null ? (
              <Moment at={one.endsAt} />
            ) : (
              <>
                <Badge>lifted</Badge> <Moment at={one.lifted.at} /> by {who(one.lifted.by)}
              </>
            )}
          </Cell>
          {may && (
            <Cell of="Act" end>
              <Lift of={one} />
            </Cell>
          )}
        </Row>
      ))}
    </Table>
  )
}

function Lift({ of }: { readonly of: BlockedClient }): ReactNode {
  const queries = useQueryClient()
  const lift = useMutation({
    mutationFn: () => call('POST /api/gateway/block-list/:id/lift', { params: { id: of.id } }),
    onSuccess: async () => {
      announce(`${of.subject} is let in again`)
      dialog.close()
      await queries.invalidateQueries({ queryKey: KEY })
    },
  })
  const dialog = useDialog(() => {
    lift.reset()
  })
  return (
    <DialogButton
      dialog={dialog}
      words="Lift"
      title="Lift the block"
      aria-label={`Lift the block of ${of.subject}`}
    >
      <div className="flex flex-col gap-4">
        {lift.isError && <ProblemNotice error={lift.error} focus />}
        <p>
          <code className="font-mono wrap-anywhere">{of.subject}</code> is served again from the next request
          on. It was blocked for: {of.reason}
        </p>
        <div className="flex flex-wrap gap-2">
          <Button
            weight="primary"
            busy={lift.isPending}
            onClick={() => {
              lift.mutate()
            }}
          >
            Let in again
          </Button>
          <Button onClick={dialog.close}>Keep the block</Button>
        </div>
      </div>
    </DialogButton>
  )
}
