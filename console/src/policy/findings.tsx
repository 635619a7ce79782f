import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { LintFinding } from '../contract/policy.ts'
import { Badge, Panel, Section } from '../ui/page.tsx'

/** Contradictions that the text itself holds, each with clauses, reason and a proposed wording. */
export function Findings({
  findings,
  title,
}: {
  readonly findings: readonly LintFinding[]
  readonly title: string
}): ReactNode {
  if (findings.length === 0) return null
  return (
    <Section title={title}>
      <ul className="flex flex-col gap-3">
        {findings.map((finding) => (
          <li key={`${finding.rule} ${finding.clauses.join(' ')}`}>
            <Panel className="flex flex-col gap-2 p-4">
              <p className="flex flex-wrap items-center gap-2">
                <Badge tone={finding.severity === 'contradicted' ? 'bad' : 'late'}>
                  {finding.rule} {finding.severity}
                </Badge>
                {finding.clauses.map((clause) => (
                  <Link
                    key={clause}
                    to="/policy/clause/$id"
                    params={{ id: clause }}
                    className="font-strong text-accent underline"
                  >
                    {clause}
                  </Link>
                ))}
              </p>
              <p>{finding.why}</p>
              <p className="border-l-2 border-accent pl-3">
                <span className="block text-sm text-muted">Proposed wording</span>
                {finding.proposed}
              </p>
            </Panel>
          </li>
        ))}
      </ul>
    </Section>
  )
}
