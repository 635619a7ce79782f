/** More different statements than this are not written by people: values must have got into them. */
export const STATEMENTS_MAX = 5000

/** Remembers which statements this process sent to the database, by their text without parameters. */
export interface SentStatements {
  saw(statement: string): void
  count(): number
  /** Whether any statement seen contains these words. */
  contains(words: string): boolean
}

/** Makes an empty memory. */
export function sentStatements(): SentStatements {
  const seen = new Set<string>()
  return {
    saw: (statement) => {
      if (seen.size <= STATEMENTS_MAX) seen.add(statement)
    },
    count: () => seen.size,
    contains: (words) => [...seen].some((statement) => statement.includes(words)),
  }
}
