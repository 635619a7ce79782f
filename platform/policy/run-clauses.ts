import { Problem } from '../kernel/problem.ts'
import { runView } from './clause-view.ts'
import type { Run, RunKind } from './evidence-queries.ts'
import type { PolicyRouteParts } from './route-parts.ts'
import { runControl } from './runs.ts'

/** How many controls run at the same time when all of them are asked for. */
const TOGETHER = 4

/**
 * Runs every control of a clause, or all there are, now; throws `resource.unknown` for a clause that no control
 * proves.
 */
export async function runClause(parts: PolicyRouteParts, clause: string, kind: RunKind) {
  const controls = clause === 'all' ? parts.registry.controls : parts.registry.controlsOf(clause)
  if (controls.length === 0)
    throw new Problem(
      'resource.unknown',
      `No control stands behind clause ${clause}, so there is nothing to run.`,
    )
  const waiting = controls.map(({ id }) => id)
  const runs: Run[] = []
  const work = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift())
      runs.push(await runControl(parts, id, kind))
  }
  await Promise.all(Array.from({ length: Math.min(TOGETHER, waiting.length) }, work))
  return { runs: runs.toSorted((a, b) => (a.control < b.control ? -1 : 1)).map(runView) }
}
