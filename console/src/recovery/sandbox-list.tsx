import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { Sandbox } from '../contract/recovery.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { exact, Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { bytesIn } from './amounts.ts'
import { Progress } from './progress.tsx'
import { sandboxesQuery } from './recovery-api.ts'

/** Restores for a look, the newest first, with their progress. */
export function SandboxList({
  rows,
  may,
}: {
  readonly rows: readonly Sandbox[]
  readonly may: boolean
}): ReactNode {
  return (
    <Table
      label="Restored for a look"
      columns={['Moment', 'Asked', 'State', 'Ends', ...(may ? ['Act'] : [])]}
    >
      {rows.map((one) => (
        <Row key={one.id}>
          <Cell of="Moment">
            {targetWords(one)}
            {one.region !== null && <span className="block text-sm text-muted">from {one.region}</span>}
          </Cell>
          <Cell of="Asked">
            <Moment at={one.askedAt} />
          </Cell>
          <Cell of="State">
            <State of={one} />
          </Cell>
          <Cell of="Ends">
            <Moment at={one.removedAt ?? one.expiresAt} />
          </Cell>
          {may && (
            <Cell of="Act" end>
              {one.removedAt === null && <Remove of={one} />}
            </Cell>
          )}
        </Row>
      ))}
    </Table>
  )
}

function targetWords({ target }: Sandbox): string {
  return target === 'latest' ? 'the newest moment' : exact(target)
}

function State({ of }: { readonly of: Sandbox }): ReactNode {
  if (of.state === 'restoring')
    return (
      <Progress
        label={`Restore: ${of.step}`}
        done={of.doneBytes}
        total={of.totalBytes}
        says={`${of.step}, ${bytesIn(of.doneBytes)}${of.bytesPerSecond === null ? '' : `, ${bytesIn(of.bytesPerSecond)} a second`}`}
        secondsLeft={of.secondsLeft}
      />
    )
  if (of.state === 'ready')
    return (
      <>
        <Badge tone="accent">ready</Badge>
        <span className="block text-sm wrap-anywhere">{socketOf(of)}</span>
      </>
    )
  return (
    <>
      <Badge tone={of.state === 'failed' ? 'bad' : 'plain'}>{of.state}</Badge>
      {of.says !== null && <span className="block text-sm text-muted">{of.says}</span>}
    </>
  )
}

/** Where the operator connects to. */
function socketOf({ facts }: Sandbox): string {
  const folder: unknown =
    typeof facts === 'object' && facts !== null
      ? (facts as Readonly<Record<string, unknown>>)['socketFolder']
      : null
  return typeof folder === 'string' ? `psql -h ${folder}` : ''
}

function Remove({ of }: { readonly of: Sandbox }): ReactNode {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => call('DELETE /api/recovery/sandboxes/:id', { params: { id: of.id } }),
    onSuccess: async () => {
      announce('It is removed')
      dialog.close()
      await queries.invalidateQueries({ queryKey: sandboxesQuery.queryKey })
    },
  })
  const dialog = useDialog(() => {
    remove.reset()
  })
  return (
    <DialogButton
      dialog={dialog}
      words="Remove"
      title="Remove what was restored"
      weight="danger"
      aria-label={`Remove the restore of ${targetWords(of)}`}
    >
      <div className="flex flex-col gap-4">
        {remove.isError && <ProblemNotice error={remove.error} focus />}
        <p>
          Its server stops and its data is removed now. The backup that it came from stays, so it can be
          restored again.
        </p>
        <div className="flex flex-wrap gap-2">
          <Button
            weight="primary"
            busy={remove.isPending}
            onClick={() => {
              remove.mutate()
            }}
          >
            Remove it
          </Button>
          <Button onClick={dialog.close}>Keep it</Button>
        </div>
      </div>
    </DialogButton>
  )
}
