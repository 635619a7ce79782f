import type { ClauseRow, StatusWord } from '../contract/policy.ts'
import { STATUS_ORDER } from './status-mark.tsx'

/** How many clauses stand at each status, worst first; words that nobody has are left out. */
export function countsOf(
  clauses: readonly ClauseRow[],
): readonly { readonly word: StatusWord; readonly count: number }[] {
  return STATUS_ORDER.map((word) => ({
    word,
    count: clauses.filter(({ status }) => status.word === word).length,
  })).filter(({ count }) => count > 0)
}

/** The worst status among clauses: a chapter is never better than its worst clause. */
export function worstOf(clauses: readonly ClauseRow[]): StatusWord {
  return countsOf(clauses)[0]?.word ?? 'UNPROVEN'
}

/** Clauses with the worst first; within a status the order of the text. */
export function worstFirst(clauses: readonly ClauseRow[]): readonly ClauseRow[] {
  return clauses.toSorted((a, b) => STATUS_ORDER.indexOf(a.status.word) - STATUS_ORDER.indexOf(b.status.word))
}
