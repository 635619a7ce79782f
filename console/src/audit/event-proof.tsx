import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { EventRow } from '../contract/audit.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { Loading } from '../ui/page.tsx'
import { readProof } from './read-proof.ts'

/** Where an event stands in the ledger, and how anybody can check that it was not changed. Policy 8.2-a.3. */
export function EventProofView({
  event,
  ofProvider,
}: {
  readonly event: EventRow
  readonly ofProvider: boolean
}): ReactNode {
  const { id } = event
  const { data, error, refetch } = useQuery({
    queryKey: ['audit', 'proof', id],
    queryFn: ({ signal }) =>
      ofProvider
        ? call('GET /api/audit/provider-events/:id', { params: { id } }, { signal })
        : call('GET /api/audit/events/:id', { params: { id } }, { signal }),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  })
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
  if (data.proof === null)
    return (
      <Notice tone="late">
        <strong>Not yet under a signed checkpoint</strong>
        <p>The event is written. It gets its place and its proof within seconds; close and open it again.</p>
        <button
          type="button"
          className="tap self-start text-accent underline"
          onClick={() => {
            void refetch()
          }}
        >
          Ask again
        </button>
      </Notice>
    )
  return <Proof text={data.proof} verifierKey={data.verifierKey} />
}

function Proof({ text, verifierKey }: { readonly text: string; readonly verifierKey: string }): ReactNode {
  const { index, hashes, treeSize, rootHash, checkpoint } = readProof(text)
  return (
    <section aria-label="Proof" className="flex flex-col gap-3 rounded-large bg-sunk p-4">
      <h2 className="text-base">Proof</h2>
      <dl className="grid gap-x-6 gap-y-2 tablet:grid-cols-[10rem_1fr]">
        <dt className="text-sm text-muted">Place in the ledger</dt>
        <dd>
          #{index} of {treeSize}
        </dd>
        <dt className="text-sm text-muted">Root hash</dt>
        <dd className="font-mono text-sm wrap-anywhere">{rootHash}</dd>
        <dt className="text-sm text-muted">Path</dt>
        <dd>
          {hashes.length} hashes lead from this event to the root
          <details>
            <summary className="text-accent">Show them</summary>
            <ol className="font-mono text-sm">
              {hashes.map((hash, at) => (
                <li key={at} className="wrap-anywhere">
                  {hash}
                </li>
              ))}
            </ol>
          </details>
        </dd>
        <dt className="text-sm text-muted">Signed checkpoint</dt>
        <dd>
          <pre className="font-mono text-sm wrap-anywhere whitespace-pre-wrap">{checkpoint}</pre>
        </dd>
        <dt className="text-sm text-muted">Verifier key</dt>
        <dd className="font-mono text-sm wrap-anywhere">{verifierKey}</dd>
      </dl>
      <div className="flex flex-col gap-1">
        <strong className="text-sm">Check it yourself</strong>
        <p className="text-sm text-muted">
          Recompute the root from the entry’s hash and the path (RFC 6962), compare it with the checkpoint,
          and its signature with the verifier key, also at{' '}
          <a href="/ledger/vkey" className="text-accent underline">
            /ledger/vkey
          </a>
          . The command <code className="font-mono">surety ledger verify</code> recomputes the whole ledger
          offline.
        </p>
      </div>
      <div>
        <CopyButton text={text} what="proof" />
      </div>
    </section>
  )
}
