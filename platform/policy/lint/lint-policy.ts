import type { CompiledPolicy } from '../compile.ts'
import { type Finding, type LintFacts, type Rule, wordsOf } from './finding.ts'
import { accessRules } from './rules-on-access.ts'
import { dataRules } from './rules-on-data.ts'
import { upkeepRules } from './rules-on-upkeep.ts'

/** Every rule, by number. */
export const lintRules: readonly Rule[] = [...accessRules, ...dataRules, ...upkeepRules].toSorted(
  (a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)),
)

/**
 * Looks for defects of the text itself: sentences that contradict each other, a law, a standard or a known fact, and
 * sentences that nobody could test. Every finding follows from the words and values given, so other words end it.
 */
export function lintPolicy(
  policy: Pick<CompiledPolicy, 'clauses' | 'values'>,
  facts: LintFacts,
): readonly Finding[] {
  const words = wordsOf(policy)
  const standing = (ids: readonly string[]): readonly string[] =>
    ids.filter((id) => words.clauses.includes(id))
  return lintRules.flatMap(({ id, find }) =>
    find(words, facts).map((found) => ({
      ...found,
      rule: id,
      clauses: standing(found.clauses),
      contradicts: standing(found.contradicts),
    })),
  )
}

/** Why each contradicted clause cannot be true as it stands, by clause id. */
export function contradictionsOf(findings: readonly Finding[]): ReadonlyMap<string, readonly string[]> {
  const clauses = new Set(findings.flatMap(({ contradicts }) => contradicts))
  return new Map(
    [...clauses].map((id) => [
      id,
      findings.filter(({ contradicts }) => contradicts.includes(id)).map(({ why }) => why),
    ]),
  )
}
