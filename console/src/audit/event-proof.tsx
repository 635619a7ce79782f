import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call, type Wire } from '../api.ts'
import type { EventRow } from '../contract/audit.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { Loading } from '../ui/page.tsx'

/** Where an event stands in the ledger, and how anybody can check that it was not changed. Policy 8.2-a.3. */
export function EventProofView({ event }: { readonly event: Wire<EventRow> }): ReactNode {
  const sequenced = event.ledgerIndex !== null
  const { data, error, refetch } = useQuery({
    queryKey: ['audit', 'proof', event.id],
    queryFn: ({ signal }) =>
      call('GET /api/audit/events/:id/proof', { params: { id: event.id } }, { signal }),
    enabled: sequenced,
    staleTime: Infinity,
  })
  if (!sequenced)
    return (
      <Notice tone="late">
        <strong>Not yet in the ledger</strong>
        <p>The event is written. It gets its place and its proof within seconds; refresh the list.</p>
      </Notice>
    )
  if (error !== null)
    return (
      <ProblemNotice
        error={error}
        retry={() => {
          void refetch()
        }}
      />
    )
  if (data === undefined) return <Loading what="the proof" />
  return (
    <section aria-label="Proof" className="flex flex-col gap-3 rounded-large bg-sunk p-4">
      <h3>Proof</h3>
      <dl className="grid gap-x-6 gap-y-2 tablet:grid-cols-[10rem_1fr]">
        <dt className="text-sm text-muted">Place in the ledger</dt>
        <dd>
          #{data.index} of {data.treeSize}
        </dd>
        <dt className="text-sm text-muted">Leaf hash</dt>
        <dd className="font-mono text-sm wrap-anywhere">{data.leafHash}</dd>
        <dt className="text-sm text-muted">Root hash</dt>
        <dd className="font-mono text-sm wrap-anywhere">{data.rootHash}</dd>
        <dt className="text-sm text-muted">Path</dt>
        <dd>
          {data.path.length} hashes lead from the leaf to the root
          <details>
            <summary className="text-accent">Show them</summary>
            <ol className="font-mono text-sm">
              {data.path.map((hash, at) => (
                <li key={at} className="wrap-anywhere">
                  {hash}
                </li>
              ))}
            </ol>
          </details>
        </dd>
        <dt className="text-sm text-muted">Signed checkpoint</dt>
        <dd>
          <pre className="font-mono text-sm wrap-anywhere whitespace-pre-wrap">{data.checkpoint}</pre>
        </dd>
      </dl>
      <div className="flex flex-col gap-1">
        <strong className="text-sm">Check it yourself</strong>
        <p className="text-sm text-muted">
          Recompute the root from leaf hash and path (RFC 6962), compare it with the signed checkpoint, and
          the signature with the public key at{' '}
          <a href="/ledger/vkey" className="text-accent underline">
            /ledger/vkey
          </a>
          . The command <code className="font-mono">surety ledger verify</code> recomputes the whole ledger
          offline.
        </p>
      </div>
      <div>
        <CopyButton text={JSON.stringify(data, null, 2)} what="proof" />
      </div>
    </section>
  )
}
