import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Refusal, RuleMatch } from '../contract/gateway.ts'
import { Icon } from '../ui/icons.tsx'
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

/** One rule that matched: what it says, how much it weighs, what it looked at, and its pattern; folded unless `open`. */
export function RuleMatchView({
  match,
  described,
  open,
}: {
  readonly match: RuleMatch
  readonly described: Refusal['rules'][number]
  readonly open: boolean
}): ReactNode {
  const fields = [...new Set(match.matched.map(({ variable }) => variable))]
  return (
    <li>
      <Panel>
        <details open={open} className="group">
          <summary className="flex items-start gap-3 rounded-large p-4 hover:bg-sunk">
            <Icon name="right" className="mt-1 size-4 text-muted group-open:rotate-90" />
            <span className="flex min-w-0 flex-1 flex-col gap-1">
              <span className="flex flex-wrap items-center gap-2">
                <strong className="min-w-0 wrap-anywhere">
                  {match.message === '' ? 'No message' : match.message}
                </strong>
                <Weight of={match} />
              </span>
              <span className="text-sm wrap-anywhere text-muted">
                rule {match.rule}
                {fields.length > 0 && ` in ${fields.join(', ')}`}
              </span>
            </span>
          </summary>
          <div className="flex flex-col gap-3 px-4 pb-4 tablet:pl-11">
            {match.matched.map((value, at) => (
              <MatchedValueView key={`${value.variable} ${at}`} of={value} />
            ))}
            <div>
              <span className="text-sm text-muted">Operator and pattern</span>
              <pre
                tabIndex={0}
                role="region"
                aria-label={`Pattern of rule ${match.rule}`}
                className="max-h-32 overflow-auto rounded-small bg-sunk px-2 py-1 font-mono text-sm wrap-anywhere whitespace-pre-wrap"
              >
                {match.operator}
              </pre>
            </div>
            <AboutRule match={match} described={described} />
          </div>
        </details>
      </Panel>
    </li>
  )
}

function Weight({ of }: { readonly of: RuleMatch }): ReactNode {
  const severity = of.severity === null ? undefined : SEVERITIES[of.severity]
  return (
    <>
      {severity !== undefined && (
        <Badge tone={severity.points >= 5 ? 'bad' : 'late'}>
          {severity.name}
          {severity.points > 0 && `, usually ${severity.points} points`}
        </Badge>
      )}
      {of.paranoia !== null && <Badge>paranoia level {of.paranoia}</Badge>}
    </>
  )
}

function AboutRule({
  match,
  described,
}: {
  readonly match: RuleMatch
  readonly described: Refusal['rules'][number]
}): ReactNode {
  return (
    <div className="flex flex-col gap-1 text-sm wrap-anywhere text-muted">
      {described === null ? (
        <p>This rule is not among those in use any more.</p>
      ) : (
        described.targets.length > 0 && (
          <p>
            Looks at <code className="font-mono">{described.targets.join(' ')}</code>
          </p>
        )
      )}
      {match.tags.length > 0 && <p>Tags: {match.tags.join(', ')}</p>}
      <p>
        In phase {match.phase}, {match.file}:{match.line} ·{' '}
        <Link to="/traffic/refused" search={{ rule: match.rule }} className="text-accent underline">
          All requests that rule {match.rule} objected to
        </Link>
      </p>
    </div>
  )
}
