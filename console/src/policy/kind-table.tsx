import type { ReactNode } from 'react'
import type { PolicyOverview } from '../contract/policy.ts'
import { Section } from '../ui/page.tsx'
import { STATUS_ORDER, StatusShape } from './status-mark.tsx'

const KINDS: Readonly<Record<string, string>> = {
  enforced: 'Enforced by software',
  measured: 'Measured by software',
  computed: 'Follows from others',
  attested: 'People must attest it',
  inherited: 'A provider must show it',
  shared: 'Shared with the customer',
  narrative: 'Explains, promises nothing',
}

/** Counts by the kind of clause: who could keep the promise, and where it stands. */
export function KindTable({ counts }: { readonly counts: PolicyOverview['countsByKind'] }): ReactNode {
  const kinds = Object.entries(counts)
  const words = STATUS_ORDER.filter((word) => kinds.some(([, one]) => one[word] > 0))
  return (
    <Section
      title="By kind"
      lead="What a machine can prove, what people or a provider must show, and how much of each holds now."
    >
      <div
        className="overflow-x-auto rounded-large border border-line bg-panel"
        tabIndex={0}
        role="region"
        aria-label="Clauses by kind and status"
      >
        <table className="w-full text-sm">
          <thead>
            <tr>
              <th scope="col" className="border-b border-line px-4 py-2 text-left text-muted">
                Kind
              </th>
              {words.map((word) => (
                <th key={word} scope="col" className="border-b border-line px-3 py-2 text-right text-muted">
                  <span className="inline-flex items-center gap-1">
                    <StatusShape word={word} />
                    {word}
                  </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {kinds.map(([kind, one]) => (
              <tr key={kind} className="[&:not(:last-child)>*]:border-b">
                <th scope="row" className="border-line px-4 py-2 text-left font-normal">
                  {KINDS[kind] ?? kind}
                </th>
                {words.map((word) => (
                  <td
                    key={word}
                    className={`border-line px-3 py-2 text-right ${one[word] === 0 ? 'text-muted' : 'font-strong'}`}
                  >
                    {one[word]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  )
}
