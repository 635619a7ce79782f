import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Refusal, RuleMatch } from '../contract/gateway.ts'
import { Badge, Panel } from '../ui/page.tsx'
import { MatchedValueView } from './matched-value.tsx'

/** Severities of SecLang by their numbers, with the points that the Core Rule Set gives for each. */
const SEVERITIES: Readonly<Record<number, { readonly name: string; readonly points: number }>> = {
  0: { name: 'emergency', points: 0 },
  1: { name: 'alert', points: 0 },
  2: { name: 'critical', points: 5 },
  3: { name: 'error', points: 4 },
  4: { name: 'warning', points: 3 },
  5: { name: 'notice', points: 2 },
  6: { name: 'information', points: 0 },
  7: { name: 'debug', points: 0 },
}

/** One rule that matched: what it says, how much it weighs, what it looked at, and its pattern. */
export function RuleMatchView({
  match,
  described,
}: {
  readonly match: RuleMatch
  readonly described: Refusal['rules'][number]
}): ReactNode {
  const severity = match.severity === null ? undefined : SEVERITIES[match.severity]
  return (
    <li>
      <Panel className="flex flex-col gap-3 p-4">
        <div className="flex flex-wrap items-center gap-2">
          <strong className="min-w-0 wrap-anywhere">
            {match.message === '' ? 'No message' : match.message}
          </strong>
          {severity !== undefined && (
            <Badge tone={severity.points >= 5 ? 'bad' : 'late'}>
              {severity.name}
              {severity.points > 0 && `, usually ${severity.points} points`}
            </Badge>
          )}
          {match.paranoia !== null && <Badge>paranoia level {match.paranoia}</Badge>}
        </div>
        <p className="text-sm text-muted wrap-anywhere">
          <Link to="/traffic/refused" search={{ rule: match.rule }} className="text-accent underline">
            Rule {match.rule}
          </Link>{' '}
          · phase {match.phase} · {match.file}:{match.line}
        </p>
        {match.matched.map((value, at) => (
          <MatchedValueView key={`${value.variable} ${at}`} of={value} />
        ))}
        <div>
          <span className="text-sm text-muted">Operator and pattern</span>
          <pre
            tabIndex={0}
            role="region"
            aria-label={`Pattern of rule ${match.rule}`}
            className="max-h-32 overflow-auto rounded-small bg-sunk px-2 py-1 font-mono text-sm whitespace-pre-wrap wrap-anywhere"
          >
            {match.operator}
          </pre>
        </div>
        {described === null ? (
          <p className="text-sm text-muted">This rule is not among those in use any more.</p>
        ) : (
          <p className="text-sm text-muted wrap-anywhere">
            Looks at <code className="font-mono">{described.targets.join(' ')}</code>
          </p>
        )}
        {match.tags.length > 0 && (
          <p className="text-sm text-muted wrap-anywhere">Tags: {match.tags.join(', ')}</p>
        )}
      </Panel>
    </li>
  )
}
