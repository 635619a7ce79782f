import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { Hold } from '../contract/recovery.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { day, Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { HOLD_REASONS } from './hold-reasons.ts'
import { holdsQuery } from './recovery-api.ts'

/** Holds, those in force first. */
export function HoldTable({
  rows,
  may,
}: {
  readonly rows: readonly Hold[]
  readonly may: boolean
}): ReactNode {
  const ordered = rows.toSorted((a, b) => Number(a.releasedAt !== null) - Number(b.releasedAt !== null))
  return (
    <Table
      label="Kept for a case"
      columns={['Case', 'Backups of', 'Placed', 'State', ...(may ? ['Act'] : [])]}
    >
      {ordered.map((one) => (
        <Row key={one.id}>
          <Cell of="Case">
            {one.reference}
            <span className="block text-sm text-muted">
              {HOLD_REASONS[one.reason as keyof typeof HOLD_REASONS]}
            </span>
          </Cell>
          <Cell of="Backups of">
            {day(one.from)} to {one.to === null ? 'now and later' : day(one.to)}
          </Cell>
          <Cell of="Placed">
            <Moment at={one.placedAt} />
          </Cell>
          <Cell of="State">
            {one.releasedAt === null ? (
              <Badge tone="accent">in force</Badge>
            ) : (
              <>
                let go <Moment at={one.releasedAt} />
              </>
            )}
          </Cell>
          {may && (
            <Cell of="Act" end>
              {one.releasedAt === null && <Release of={one} />}
            </Cell>
          )}
        </Row>
      ))}
    </Table>
  )
}

function Release({ of }: { readonly of: Hold }): ReactNode {
  const queries = useQueryClient()
  const release = useMutation({
    mutationFn: () => call('POST /api/recovery/holds/:id/release', { params: { id: of.id } }),
    onSuccess: async () => {
      announce(`${of.reference} is let go`)
      dialog.close()
      await queries.invalidateQueries({ queryKey: holdsQuery.queryKey })
    },
  })
  const dialog = useDialog(() => {
    release.reset()
  })
  return (
    <DialogButton
      dialog={dialog}
      words="Let go"
      title="Let the hold go"
      weight="danger"
      aria-label={`Let go: ${of.reference}`}
    >
      <div className="flex flex-col gap-4">
        {release.isError && <ProblemNotice error={release.error} focus />}
        <p>
          Backups of {of.reference} that are past their age are removed within the hour, and cannot be brought
          back.
        </p>
        <div className="flex flex-wrap gap-2">
          <Button
            weight="danger"
            busy={release.isPending}
            onClick={() => {
              release.mutate()
            }}
          >
            Let it go
          </Button>
          <Button onClick={dialog.close}>Keep holding</Button>
        </div>
      </div>
    </DialogButton>
  )
}
