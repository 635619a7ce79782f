import { useState, type ReactNode } from 'react'
import type { ClauseControl, Run } from '../contract/policy.ts'
import { exact, Moment } from '../ui/moment.tsx'
import { Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'

const SHOWN = 30
const ROWS = 10

function wordOf(run: Run): string {
  if (run.ended !== 'completed') return run.ended === 'timeout' ? 'took too long' : 'could not run'
  if (run.kind === 'check') return run.asItShould ? 'passed' : 'FAILED'
  return run.asItShould ? 'went red, as it must' : 'STAYED GREEN'
}

/** The runs over time: did the check pass, and is it known that it can fail? */
export function RunHistory({ control }: { readonly control: ClauseControl }): ReactNode {
  const [all, setAll] = useState(false)
  const checks = control.history
  const knownBad = control.knownBadHistory
  const runs = [...checks, ...knownBad].toSorted(
    (a, b) => Date.parse(b.observedAt) - Date.parse(a.observedAt),
  )
  return (
    <Section
      title={`History of ${control.id}`}
      lead="Did the check pass, and did the known-bad situation turn it red? Newest on the right."
    >
      {runs.length === 0 ? (
        <Empty title="Not run yet">The first run comes within its interval, or now with “Run check”.</Empty>
      ) : (
        <>
          <Strip name="Checks" runs={checks} />
          <Strip name="Known-bad runs" runs={knownBad} />
          <Table
            label={`Runs of ${control.id}`}
            columns={['When', 'Run', 'Result', 'What it saw', 'Version']}
          >
            {runs.slice(0, all ? runs.length : ROWS).map((run) => (
              <Row key={run.id}>
                <Cell of="When">
                  <Moment at={run.observedAt} />
                </Cell>
                <Cell of="Run">{run.kind === 'check' ? 'check' : 'known-bad'}</Cell>
                <Cell of="Result">
                  <span className={run.asItShould ? 'text-good' : 'font-strong text-bad'}>{wordOf(run)}</span>
                </Cell>
                <Cell of="What it saw">
                  {run.saw}
                  <Metrics run={run} />
                </Cell>
                <Cell of="Version">{run.policyVersion}</Cell>
              </Row>
            ))}
          </Table>
          {runs.length > ROWS && (
            <button
              type="button"
              className="tap self-start text-accent underline"
              onClick={() => {
                setAll(!all)
              }}
            >
              {all ? 'Show fewer' : `Show all ${runs.length} runs`}
            </button>
          )}
        </>
      )}
    </Section>
  )
}

function Metrics({ run }: { readonly run: Run }): ReactNode {
  const metrics = Object.entries(run.metrics)
  if (metrics.length === 0) return null
  return (
    <span className="block text-sm text-muted">
      {metrics.map(([name, value]) => `${name} ${value}`).join(' · ')}
    </span>
  )
}

/** Runs side by side, oldest on the left; height tells good from bad as well as colour does. */
function Strip({ name, runs }: { readonly name: string; readonly runs: readonly Run[] }): ReactNode {
  const shown = runs.slice(0, SHOWN).toReversed()
  const bad = shown.filter((run) => !run.asItShould).length
  const first = shown[0]
  const said =
    first === undefined
      ? 'none yet'
      : `${shown.length} since ${exact(first.observedAt)}, ${bad === 0 ? 'all as they must be' : `${bad} not as it must be`}`
  return (
    <figure className="flex flex-col gap-1">
      <figcaption className="text-sm">
        <span className="font-strong">{name}</span> <span className="text-muted">{said}</span>
      </figcaption>
      <svg
        role="img"
        aria-label={`${name}: ${said}`}
        viewBox={`0 0 ${SHOWN * 10} 24`}
        preserveAspectRatio="none"
        className="h-6 w-full rounded-small bg-sunk"
      >
        {shown.map((run, at) => {
          const x = (SHOWN - shown.length + at) * 10 + 1
          return run.asItShould ? (
            <rect key={run.id} x={x} y={10} width={8} height={14} className="fill-good" />
          ) : (
            <rect key={run.id} x={x} y={0} width={8} height={24} className="fill-bad" />
          )
        })}
      </svg>
    </figure>
  )
}
