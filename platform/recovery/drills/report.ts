import type { DrillPoint } from './points.ts'

/** What a drill measured; null for what it did not come to. */
export interface DrillFigures {
  /** From the start of the program that restores to a server that takes writes. Policy 6.2-a. */
  readonly servingSeconds: number | null
  /** The same in 90 days, when the data has grown as it does. */
  readonly servingSecondsIn90Days: number | null
  /** From the last heartbeat that came back to the moment at which the disaster was declared. Policy 6.2-b. */
  readonly lostSeconds: number | null
  /** From the kill of the first server to the first write of the one that took over. Policy 6.2-d. */
  readonly failoverSeconds: number | null
  readonly bytes: number | null
  readonly bytesIn90Days: number | null
  readonly tables: number | null
  readonly rows: number | null
  readonly ledgerEntries: number | null
}

/** A request to the keeper of the root key, under the number that it has in the keeper's own log. */
export interface RootUseNoted {
  readonly named: string
  readonly action: string
  readonly request: string
  readonly at: string
}

/** What came of a drill. */
export interface DrillReport {
  readonly passed: boolean
  readonly says: string
  readonly chain: readonly string[]
  readonly points: readonly DrillPoint[]
  readonly figures: DrillFigures
  readonly rootUses: readonly RootUseNoted[]
}

/** One plain sentence about a whole drill. */
export function sentenceOf(points: readonly DrillPoint[], figures: DrillFigures): string {
  const red = points.filter(({ result, number }) => result !== 'passed' && number !== 14)
  if (red.length > 0)
    return red
      .map(
        ({ number, name, result, says }) =>
          `${number} ${name} ${result === 'failed' ? 'failed' : 'could not run'}: ${says}`,
      )
      .join('; ')
  const { servingSeconds, lostSeconds, failoverSeconds } = figures
  return `all 14 points passed: serving after ${servingSeconds} s, ${lostSeconds} s lost, failover within ${failoverSeconds} s`
}
