import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { staffQuery } from '../people/people-api.ts'
import { useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { exact, Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { resetsQuery, type Reset } from './resets-api.ts'

/** Resets under way: whose, why, who asked, when it takes effect; agreeing and stopping. */
export function ResetTable({ rows }: { readonly rows: readonly Reset[] }): ReactNode {
  const queries = useQueryClient()
  const { data: staff } = useQuery(staffQuery)
  const names = new Map(staff?.staff.map(({ id, name }) => [id, name]))
  const act = useMutation({
    mutationFn: async ({ id, approves }: { readonly id: string; readonly approves: boolean }) => {
      const params = { id }
      if (approves) await call('POST /api/access/resets/:id/approve', { params })
      else await call('POST /api/access/resets/:id/cancel', { params })
    },
    onSuccess: async (_, { approves }) => {
      announce(approves ? 'Agreed; the person was told' : 'The reset is stopped; the person was told')
      await queries.invalidateQueries({ queryKey: resetsQuery.queryKey })
    },
  })
  const busy = (id: string, approves: boolean): boolean =>
    act.isPending && act.variables.id === id && act.variables.approves === approves
  return (
    <>
      {act.isError && <ProblemNotice error={act.error} focus />}
      <Table label="Resets under way" columns={['Whose', 'Why', 'Asked', 'Takes effect', 'Act']}>
        {rows.map((one) => (
          <Row key={one.id}>
            <ResetCells of={one} names={names} />
            <Cell of="Act" end>
              <ResetActs
                of={one}
                approving={busy(one.id, true)}
                cancelling={busy(one.id, false)}
                onAct={(approves) => {
                  act.mutate({ id: one.id, approves })
                }}
              />
            </Cell>
          </Row>
        ))}
      </Table>
    </>
  )
}

function ResetCells({
  of,
  names,
}: {
  readonly of: Reset
  readonly names: ReadonlyMap<string, string>
}): ReactNode {
  const nameOf = (id: string | null): string =>
    id === null ? 'nobody' : (names.get(id) ?? 'somebody who is gone')
  return (
    <>
      <Cell of="Whose">
        <span className="block">{of.name}</span>
        <span className="block text-sm text-muted">{of.email}</span>
      </Cell>
      <Cell of="Why">{of.reason}</Cell>
      <Cell of="Asked">
        <Moment at={of.requestedAt} />
        <span className="block text-sm text-muted">by {nameOf(of.requestedBy)}</span>
      </Cell>
      <Cell of="Takes effect">
        {of.effectiveAt === null ? 'once somebody else agrees' : exact(of.effectiveAt)}
        {of.approvedBy !== null && (
          <span className="block text-sm text-muted">agreed by {nameOf(of.approvedBy)}</span>
        )}
      </Cell>
    </>
  )
}

function ResetActs({
  of,
  approving,
  cancelling,
  onAct,
}: {
  readonly of: Reset
  readonly approving: boolean
  readonly cancelling: boolean
  readonly onAct: (approves: boolean) => void
}): ReactNode {
  const me = useMe()
  const own = me.account?.id === of.requestedBy || me.account?.id === of.account
  return (
    <span className="flex flex-wrap justify-end gap-2">
      {of.approvedBy === null && !own && (
        <Button
          aria-label={`Agree to the reset of ${of.name}`}
          busy={approving}
          onClick={() => {
            onAct(true)
          }}
        >
          Agree
        </Button>
      )}
      <Button
        weight="danger"
        aria-label={`Stop the reset of ${of.name}`}
        busy={cancelling}
        onClick={() => {
          onAct(false)
        }}
      >
        Stop
      </Button>
    </span>
  )
}
