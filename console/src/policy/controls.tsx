import type { ReactNode } from 'react'
import type { ClausePage } from '../contract/policy.ts'
import { span } from '../ui/moment.tsx'
import { Empty, Panel, Section } from '../ui/page.tsx'

/** Where a clause is enforced, what checks it, and what would turn it red. */
export function Controls({ clause }: { readonly clause: ClausePage }): ReactNode {
  return (
    <Section title="Enforced and checked">
      {clause.controls.length === 0 ? (
        <Empty title="No machine checks this clause">{clause.status.because}</Empty>
      ) : (
        clause.controls.map((control) => (
          <Panel key={control.id} className="p-4">
            <dl className="grid gap-x-6 gap-y-3 tablet:grid-cols-[12rem_1fr]">
              <dt className="font-strong">What checks it</dt>
              <dd>
                {control.looks} <code className="font-mono text-sm text-muted">{control.id}</code>
              </dd>
              <dt className="font-strong">What would turn it red</dt>
              <dd>{control.breaks}</dd>
              <dt className="font-strong">Where it is enforced</dt>
              <dd>
                <ul>
                  {control.enforcedIn.map((file) => (
                    <li key={file}>
                      <code className="font-mono text-sm wrap-anywhere">{file}</code>
                    </li>
                  ))}
                </ul>
              </dd>
              <dt className="font-strong">How often</dt>
              <dd>
                Every {span(control.everySeconds).replace(/^1 /, '')}; a proof counts as fresh for{' '}
                {span(control.freshSeconds)}.
              </dd>
            </dl>
          </Panel>
        ))
      )}
    </Section>
  )
}
