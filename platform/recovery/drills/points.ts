import { RepositoryError } from '#backup'
import { Problem } from '../../kernel/problem.ts'

/** The points of every drill, by number. Policy 6.2-c. */
export const POINTS = {
  1: 'Keys from one region alone',
  2: 'The newest state, and a backup of those kept',
  3: 'Locks and copies in every region',
  4: 'Every sealed object and manifest',
  5: 'Server, pages and indexes',
  6: 'What was lost',
  7: 'Rows and ledger',
  8: 'Sealed fields of every tenant',
  9: 'Schema, policy and a write',
  10: 'Isolation',
  11: 'Time until serving',
  12: 'Failover',
  13: 'Changed copies are refused',
  14: 'Nothing was left out',
} as const

/** The number of a point. */
export type PointNumber = keyof typeof POINTS

/** What a point came to: one that could not run makes a drill as red as one that failed. */
export interface DrillPoint {
  readonly number: number
  readonly name: string
  readonly result: 'passed' | 'failed' | 'could-not-run'
  /** What was seen, in one plain sentence without anything of a person. */
  readonly says: string
  readonly seconds: number
}

/** What a point looked at is not as it must be. */
export class PointFailed extends Error {}

/** A point could not look at what it is about. */
export class CouldNotRun extends Error {}

/** Throws `PointFailed` with every sentence, when there is one. */
export function requireNone(failures: readonly string[]): void {
  if (failures.length > 0) throw new PointFailed(failures.join('; '))
}

/** What is there, or `CouldNotRun` with why it is not. */
export function needed<Value>(value: Value | null | undefined, why: string): Value {
  if (value === null || value === undefined) throw new CouldNotRun(why)
  return value
}

/** Codes with which something was not found wrong but out of reach. */
const OUT_OF_REACH: readonly string[] = ['no-key', 'unreachable', 'recovery.no-key']

function resultOf(error: unknown): Pick<DrillPoint, 'result' | 'says'> {
  if (error instanceof PointFailed) return { result: 'failed', says: error.message }
  if (error instanceof CouldNotRun) return { result: 'could-not-run', says: error.message }
  if (error instanceof RepositoryError || error instanceof Problem) {
    const result = OUT_OF_REACH.includes(error.code) ? 'could-not-run' : 'failed'
    return {
      result,
      says: error instanceof Problem ? error.detail : `${error.path} was refused (${error.code})`,
    }
  }
  // Words of other errors may hold anything; the kind of error is enough to look for it.
  const code = (error as { readonly code?: unknown } | null)?.code
  const kind = error instanceof Error ? error.name : 'Error'
  return {
    result: 'could-not-run',
    says: `the drill itself failed here (${kind}${typeof code === 'string' ? ` ${code}` : ''})`,
  }
}

/** The points of one drill as they are reached. */
export interface PointList {
  /** Runs a point; what it throws becomes its result. */
  run(number: PointNumber, look: () => Promise<string>): Promise<void>
  /** All fourteen in order; those that were never reached could not run. */
  all(): readonly DrillPoint[]
}

const round = (seconds: number): number => Number(seconds.toFixed(2))

/** Opens the list; `onPoint` hears of each point before it runs, `onFault` of errors that are nobody's finding. */
export function pointList(
  onPoint: (number: PointNumber) => void = () => {},
  onFault: (error: unknown) => void = () => {},
): PointList {
  const points = new Map<PointNumber, DrillPoint>()
  const numbers = Object.keys(POINTS).map((one) => Number(one) as PointNumber)
  const keep = (number: PointNumber, said: Pick<DrillPoint, 'result' | 'says'>, seconds: number): void => {
    points.set(number, { number, name: POINTS[number], ...said, seconds: round(seconds) })
  }
  const known = (error: unknown): boolean =>
    [PointFailed, CouldNotRun, RepositoryError, Problem].some((kind) => error instanceof kind)
  return {
    run: async (number, look) => {
      onPoint(number)
      const began = performance.now()
      const seconds = (): number => (performance.now() - began) / 1000
      try {
        const says = await look()
        keep(number, { result: 'passed', says }, seconds())
      } catch (error) {
        if (!known(error)) onFault(error)
        keep(number, resultOf(error), seconds())
      }
    },
    all: () => {
      for (const number of numbers)
        if (number !== 14 && !points.has(number))
          keep(number, { result: 'could-not-run', says: 'the drill ended before it came here' }, 0)
      const left = [...points.values()].filter(({ result }) => result === 'could-not-run')
      keep(14, nothingLeftOut(left.map((one) => one.number)), 0)
      return numbers.flatMap((number) => points.get(number) ?? [])
    },
  }
}

function nothingLeftOut(numbers: readonly number[]): Pick<DrillPoint, 'result' | 'says'> {
  if (numbers.length === 0) return { result: 'passed', says: 'every point could run' }
  const which = `point${numbers.length === 1 ? '' : 's'} ${numbers.toSorted((a, b) => a - b).join(', ')}`
  return { result: 'failed', says: `${which} could not run` }
}
