import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Tick } from '../ui/field.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { Empty, PageBody, PageHead } from '../ui/page.tsx'
import { useRowKeys } from '../ui/row-keys.ts'
import { Report } from './report.tsx'
import { ReviewRow } from './review-row.tsx'
import type { ReviewItem } from './reviews-api.ts'

const route = getRouteApi('/signed-in/reviews/$id')

/** One review, row by row, with the keyboard: what somebody holds, since when, from whom, last used. Policy 3.2-b. */
export function ReviewPage(): ReactNode {
  const { id } = route.useParams()
  const [mine, setMine] = useState(true)
  const [cursor, setCursor] = useState<number | undefined>(undefined)
  const rows = useQuery({
    queryKey: ['review', id, mine, cursor],
    queryFn: ({ signal }) =>
      call(
        'GET /api/access/reviews/:id/items',
        {
          params: { id },
          query: { mine, open: mine, ...(cursor === undefined ? {} : { cursor }) },
        },
        { signal },
      ),
  })
  return (
    <PageBody>
      <PageHead
        title="Access review"
        lead="With the keyboard: j and k move, y keeps, n revokes, space selects an ordinary row."
      />
      <Tick
        label="Only what waits for me"
        checked={mine}
        onChange={(event) => {
          setMine(event.currentTarget.checked)
          setCursor(undefined)
        }}
      />
      <Loaded query={rows} what="the rows">
        {(data) => (
          <>
            {data.items.length === 0 ? (
              <Empty title={mine ? 'Nothing waits for you' : 'No rows'}>
                {mine
                  ? 'What others decide, and what was decided, appears without the filter.'
                  : 'The review is empty.'}
              </Empty>
            ) : (
              <Rows key={`${mine} ${cursor ?? ''}`} campaign={id} items={data.items} />
            )}
            {data.next !== null && (
              <Button
                onClick={() => {
                  setCursor(data.next ?? undefined)
                }}
              >
                Next rows
              </Button>
            )}
          </>
        )}
      </Loaded>
      <Report id={id} />
    </PageBody>
  )
}

function Rows({
  campaign,
  items,
}: {
  readonly campaign: string
  readonly items: readonly ReviewItem[]
}): ReactNode {
  const queries = useQueryClient()
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const renew = (): void => {
    void queries.invalidateQueries({ queryKey: ['review', campaign] })
    void queries.invalidateQueries({ queryKey: ['reviews'] })
    void queries.invalidateQueries({ queryKey: ['review-report', campaign] })
  }
  const decide = useMutation({
    mutationFn: (one: { id: string; decision: 'keep' | 'revoke'; reason: string | null }) =>
      call('POST /api/access/reviews/items/:id/decide', {
        params: { id: one.id },
        body: { decision: one.decision, reason: one.reason, role: null },
      }),
    onSuccess: (_, { decision }) => {
      announce(decision === 'keep' ? 'Kept' : 'Revoked; sessions and keys were ended and tried again')
      renew()
    },
  })
  const keepAll = useMutation({
    mutationFn: (rows: readonly ReviewItem[]) =>
      call('POST /api/access/reviews/:id/keep', {
        params: { id: campaign },
        body: { items: rows.map(({ id, seen }) => ({ id, seen })), reason: null },
      }),
    onSuccess: ({ kept }) => {
      announce(`${kept} kept`)
      setPicked(new Set())
      renew()
    },
  })
  const pick = (item: ReviewItem): void => {
    if (item.privileged || !item.mine || item.decision !== null) return
    setPicked((before) => {
      const after = new Set(before)
      if (!after.delete(item.id)) after.add(item.id)
      return after
    })
  }
  const [revoking, setRevoking] = useState<string | null>(null)
  const keys = useRowKeys(items, {
    y: (item) => {
      if (item.mine && item.decision === null) decide.mutate({ id: item.id, decision: 'keep', reason: null })
    },
    n: (item) => {
      if (item.mine && item.decision === null) setRevoking(item.id)
    },
    ' ': pick,
  })
  const chosen = items.filter(({ id }) => picked.has(id))
  const problem = decide.error ?? keepAll.error
  return (
    <>
      {problem !== null && <ProblemNotice error={problem} focus />}
      {chosen.length > 0 && (
        <Notice>
          <p>{chosen.length} ordinary rows selected. Privileged ones are decided one by one.</p>
          <Button
            weight="primary"
            className="self-start"
            busy={keepAll.isPending}
            onClick={() => {
              keepAll.mutate(chosen)
            }}
          >
            Keep the selected rows
          </Button>
        </Notice>
      )}
      <ul aria-label="Rows under review" className="flex flex-col gap-3" onKeyDown={keys.onKeyDown}>
        {items.map((item, at) => (
          <ReviewRow
            key={item.id}
            item={item}
            row={keys.row(at)}
            picked={picked.has(item.id)}
            onPick={() => {
              pick(item)
            }}
            busy={decide.isPending && decide.variables.id === item.id}
            revoking={revoking === item.id}
            onRevoking={(open) => {
              setRevoking(open ? item.id : null)
            }}
            onDecide={(decision, reason) => {
              setRevoking(null)
              decide.mutate({ id: item.id, decision, reason })
            }}
          />
        ))}
      </ul>
    </>
  )
}
