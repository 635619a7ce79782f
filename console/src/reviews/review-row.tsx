import { useState, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { TextField, Tick } from '../ui/field.tsx'
import { Moment } from '../ui/moment.tsx'
import { Badge } from '../ui/page.tsx'
import type { RowProps } from '../ui/row-keys.ts'
import { changeWords, kindWords, type ReviewItem } from './reviews-api.ts'
import { Reassign } from './reassign.tsx'

const DECISIONS: Readonly<Record<string, string>> = {
  keep: 'kept',
  revoke: 'revoked',
  change: 'changed',
  exception: 'exception',
}

/** One row: who holds what, why it may be too much, and the decision. Policy 3.2-b. */
export function ReviewRow({
  item,
  row,
  picked,
  onPick,
  busy,
  revoking,
  onRevoking,
  onDecide,
}: {
  readonly item: ReviewItem
  readonly row: RowProps
  readonly picked: boolean
  readonly onPick: () => void
  readonly busy: boolean
  readonly revoking: boolean
  readonly onRevoking: (open: boolean) => void
  readonly onDecide: (decision: 'keep' | 'revoke', reason: string | null) => void
}): ReactNode {
  const name = item.subject?.name ?? 'somebody who is gone'
  const open = item.mine && item.decision === null
  return (
    <li
      {...row}
      aria-label={`${name}, ${item.grant.role ?? kindWords(item.grant.kind)}`}
      className="flex flex-col gap-3 rounded-large border border-line bg-panel p-4 focus:outline-2 focus:outline-accent"
    >
      <div className="flex flex-wrap items-start justify-between gap-2">
        <div className="min-w-0">
          <strong className="block wrap-anywhere">{name}</strong>
          <span className="block text-sm wrap-anywhere text-muted">{item.subject?.email}</span>
        </div>
        <span className="flex flex-wrap gap-1">
          {item.privileged && <Badge tone="late">privileged</Badge>}
          {item.needsSecondPerson && <Badge tone="bad">needs a second person</Badge>}
          <Badge tone={item.grant.change === 'same' ? 'plain' : 'accent'}>
            {changeWords(item.grant.change)}
          </Badge>
          {item.decision !== null && <Badge>{DECISIONS[item.decision] ?? item.decision}</Badge>}
        </span>
      </div>
      <Facts item={item} />
      {open && !revoking && (
        <div className="flex flex-wrap items-center gap-2">
          <Button
            busy={busy}
            aria-label={`Keep: ${name}`}
            onClick={() => {
              onDecide('keep', null)
            }}
          >
            Keep
          </Button>
          <Button
            weight="danger"
            aria-label={`Revoke: ${name}`}
            disabled={busy}
            onClick={() => {
              onRevoking(true)
            }}
          >
            Revoke
          </Button>
          <Reassign item={item} />
          {!item.privileged && <Tick label="Select" checked={picked} onChange={onPick} />}
        </div>
      )}
      {open && revoking && (
        <RevokeForm
          busy={busy}
          onCancel={() => {
            onRevoking(false)
          }}
          onRevoke={(reason) => {
            onDecide('revoke', reason)
          }}
        />
      )}
      {item.decision !== null && (
        <p className="text-sm text-muted">
          {item.automatic ? 'Decided by the deadline' : `Decided by ${item.decidedBy?.name ?? 'somebody'}`}
          {item.reason !== null && `: ${item.reason}`}
        </p>
      )}
    </li>
  )
}

function Facts({ item }: { readonly item: ReviewItem }): ReactNode {
  const { grant } = item
  return (
    <dl className="grid gap-x-6 gap-y-1 text-sm tablet:grid-cols-2">
      <Fact term="Holds">
        {grant.role ?? kindWords(grant.kind)}
        {grant.before !== null && ` (before: ${grant.before})`}
        <details>
          <summary className="tap cursor-pointer text-muted">{grant.permissions.length} permissions</summary>
          <span className="wrap-anywhere text-muted">{grant.permissions.join(', ')}</span>
        </details>
      </Fact>
      <Fact term="Work">{grant.jobFunction ?? 'not said'}</Fact>
      <Fact term="Given">
        <Moment at={grant.grantedAt} />
        {item.grantor !== null && ` by ${item.grantor.name}`}
      </Fact>
      <Fact term="Last used">{grant.lastUsedAt === null ? 'never' : <Moment at={grant.lastUsedAt} />}</Fact>
      {item.reviewer !== null && <Fact term="Reviewer">{item.reviewer.name}</Fact>}
    </dl>
  )
}

function Fact({ term, children }: { readonly term: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="flex gap-2">
      <dt className="w-20 shrink-0 text-muted">{term}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  )
}

function RevokeForm({
  busy,
  onCancel,
  onRevoke,
}: {
  readonly busy: boolean
  readonly onCancel: () => void
  readonly onRevoke: (reason: string) => void
}): ReactNode {
  const [reason, setReason] = useState('')
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        onRevoke(reason.trim())
      }}
    >
      <TextField
        label="Why"
        hint="Sessions, keys and elevations that it gave end at once; it cannot be undone here."
        required
        autoFocus
        minLength={3}
        maxLength={500}
        value={reason}
        onChange={(event) => {
          setReason(event.currentTarget.value)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onCancel()
        }}
      />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" weight="danger" busy={busy}>
          Revoke now
        </Button>
        <Button onClick={onCancel}>Back</Button>
      </div>
    </form>
  )
}
