import type { Observation } from './control.ts'

/** A failing observation that names every failure, or a passing one that says what was seen. */
export function observed(
  failures: readonly string[],
  passed: string,
  metrics: Observation['metrics'],
  scope: Observation['scope'],
): Observation {
  return failures.length === 0
    ? { result: 'pass', saw: passed, metrics, scope }
    : { result: 'fail', saw: failures.join('; '), metrics, scope }
}

/** A known-bad run of several situations, by name: it fails, as it must, only when every one of them was found. */
export function everyBreakFound(runs: Readonly<Record<string, Observation>>): Observation {
  const all = Object.entries(runs)
  const missed = all.filter(([, run]) => run.result === 'pass').map(([name]) => name)
  const scope = { count: all.length, coverage: 1, of: 'broken situations' }
  const metrics = { tried: all.length, missed: missed.length }
  if (missed.length > 0) return { result: 'pass', saw: `not found: ${missed.join(', ')}`, metrics, scope }
  const saw = all.map(([name, run]) => `${name}: ${run.saw}`).join('; ')
  return { result: 'fail', saw, metrics, scope }
}

/** Two looks at the same clause as one observation, which fails when either does and then says only what failed. */
export function bothSeen(one: Observation, other: Observation): Observation {
  const failed = [one, other].filter(({ result }) => result === 'fail')
  return {
    result: failed.length === 0 ? 'pass' : 'fail',
    saw: (failed.length === 0 ? [one, other] : failed).map(({ saw }) => saw).join('; '),
    metrics: { ...one.metrics, ...other.metrics },
    scope: {
      count: one.scope.count + other.scope.count,
      coverage: Math.min(one.scope.coverage, other.scope.coverage),
      of: `${one.scope.of}, ${other.scope.of}`,
    },
  }
}
