import { createHash } from 'node:crypto'

/** More different statements than this are not written by people: values must have got into them. */
const STATEMENTS_MAX = 5000

/** Remembers which statements this process sent to the database, by their text without parameters. */
export interface StatementDigests {
  saw(statement: string): void
  count(): number
  /** Whether any statement seen contains these words. */
  contains(words: string): boolean
  /** One hash over all, to see whether the set changed. */
  digest(): string
}

/** Makes an empty memory. */
export function statementDigests(): StatementDigests {
  const seen = new Set<string>()
  return {
    saw: (statement) => {
      if (seen.size <= STATEMENTS_MAX) seen.add(statement)
    },
    count: () => seen.size,
    contains: (words) => [...seen].some((statement) => statement.includes(words)),
    digest: () =>
      createHash('sha256')
        .update([...seen].sort().join('\n'))
        .digest('hex'),
  }
}

/** The number of different statements that still counts as finite and known. */
export const statementsMax = STATEMENTS_MAX
