/** Regular expressions of PCRE over bytes, in linear time or under a budget of steps. */
export type { ReadOptions } from './cursor.ts'
export { assertLinearEngine } from './linear.ts'
export { compilePattern, MODSECURITY_2, MODSECURITY_3, type Pattern, type Verdict } from './pattern.ts'
export { openPatternStore, type PatternStore } from './pattern-store.ts'
export type { Translation, Translations } from './translation.ts'
