/** Every status word, from best to worst: the one place that says which is worse. */
export const STATUS_WORDS = [
  'PROVEN',
  'ATTESTED',
  'INHERITED',
  'EXCEPTION',
  'UNPROVEN',
  'STALE',
  'CONTRADICTED',
  'FAILING',
] as const

/** What is known about a clause, never collapsed to green and red. */
export type StatusWord = (typeof STATUS_WORDS)[number]

/** The status of a clause at one moment. */
export interface ClauseStatus {
  readonly word: StatusWord
  /** Since when it fails or is stale. */
  readonly since: Date | null
  /** When the proof goes stale, the document expires or the exception ends, if nothing happens before. */
  readonly until: Date | null
  /** Who issued the document that an inherited clause rests on. */
  readonly provider: string | null
  /** Why, in one plain sentence for customers. */
  readonly because: string
  /** When a machine last saw it, the oldest of several. */
  readonly provedAt: Date | null
}

/** Makes a status; what is not given is null. */
export function status(
  word: StatusWord,
  because: string,
  more: Partial<Omit<ClauseStatus, 'word' | 'because'>> = {},
): ClauseStatus {
  return { since: null, until: null, provider: null, provedAt: null, ...more, word, because }
}

/** The worst of several; of equals the one that lasted longest or ends first, with the oldest proof among them. */
export function worstOf(first: ClauseStatus, ...others: readonly ClauseStatus[]): ClauseStatus {
  const all = [first, ...others]
  const rank = Math.max(...all.map(({ word }) => STATUS_WORDS.indexOf(word)))
  const equals = all.filter(({ word }) => STATUS_WORDS.indexOf(word) === rank)
  const worst = equals.toSorted((a, b) => momentOf(a) - momentOf(b))[0] ?? first
  return { ...worst, provedAt: earliest(equals.map(({ provedAt }) => provedAt)) }
}

function momentOf({ since, until }: ClauseStatus): number {
  return (since ?? until)?.getTime() ?? Number.POSITIVE_INFINITY
}

function earliest(moments: readonly (Date | null)[]): Date | null {
  const known = moments.filter((moment) => moment !== null)
  return known.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null
}
