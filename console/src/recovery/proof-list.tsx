import { useState, type ReactNode } from 'react'
import type { RestoreProof } from '../contract/recovery.ts'
import { Facts } from '../gateway/facts.tsx'
import { Icon } from '../ui/icons.tsx'
import { exact, Moment } from '../ui/moment.tsx'
import { Badge, Panel } from '../ui/page.tsx'
import { useRowKeys } from '../ui/row-keys.ts'
import { bytesIn, many, seconds } from './amounts.ts'
import { factsOf } from './proof-facts.ts'

const REASONS: Readonly<Record<string, string>> = {
  full: 'after the full backup',
  weekly: 'its turn of the week',
  asked: 'asked for',
}

/** Proofs that backups come back, the newest first; each opens to its steps. */
export function ProofList({ rows }: { readonly rows: readonly RestoreProof[] }): ReactNode {
  const [open, setOpen] = useState<string | null>(rows[0]?.endedAt ?? null)
  const toggle = ({ endedAt }: RestoreProof): void => {
    setOpen(open === endedAt ? null : endedAt)
  }
  const close = (): void => {
    setOpen(null)
  }
  const keys = useRowKeys(rows, { Enter: toggle, o: toggle, Escape: close })
  return (
    <Panel>
      <ul aria-label="Proofs" onKeyDown={keys.onKeyDown}>
        {rows.map((one, at) => (
          <li
            key={`${one.backup} ${one.endedAt}`}
            {...keys.row(at)}
            className="border-b border-line last:border-b-0 focus-visible:-outline-offset-2"
          >
            <button
              type="button"
              tabIndex={-1}
              aria-expanded={open === one.endedAt}
              onClick={() => {
                toggle(one)
              }}
              className="flex w-full flex-wrap items-start gap-x-3 gap-y-1 px-4 py-3 text-left hover:bg-sunk"
            >
              <Icon
                name={one.passed ? 'check' : 'warning'}
                className={`mt-1 size-4 ${one.passed ? 'text-good' : 'text-bad'}`}
              />
              <span className="min-w-0 flex-1 basis-60">
                <span className="block">{one.says}</span>
                <span className="block text-sm text-muted">
                  <code className="font-mono wrap-anywhere">{one.backup}</code> ·{' '}
                  {REASONS[one.reason] ?? one.reason}
                </span>
              </span>
              <span className="flex items-center gap-3 text-sm text-muted">
                {!one.passed && <Badge tone="bad">did not come back</Badge>}
                <Moment at={one.endedAt} />
              </span>
            </button>
            {open === one.endedAt && <Opened of={one} />}
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function Opened({ of }: { readonly of: RestoreProof }): ReactNode {
  const facts = factsOf(of)
  const named: readonly (readonly [string, ReactNode])[] = [
    ['Begun', exact(of.beganAt)],
    ...(facts.seconds === null ? [] : [['Took', seconds(facts.seconds)] as const]),
    ...(facts.bytes === null ? [] : [['Read', bytesIn(facts.bytes)] as const]),
    ...(facts.rows === null || facts.tables === null
      ? []
      : [['Counted', `${many(facts.rows, 'row')} of ${many(facts.tables, 'table')}`] as const]),
    ...(facts.pages === null ? [] : [['Checksums', `${many(facts.pages, 'page')}, each right`] as const]),
    ...(facts.ledgerEntries === null
      ? []
      : [['Ledger', `${many(facts.ledgerEntries, 'entry', 'entries')} recomputed`] as const]),
    ...(facts.chain.length === 0 ? [] : [['Chain', facts.chain.join(' → ')] as const]),
    ...facts.steps.map((step) => [`Step: ${step.name}`, seconds(step.seconds)] as const),
  ]
  return (
    <div className="px-4 pt-1 pb-4 tablet:pl-11">
      <Facts facts={named} />
    </div>
  )
}
