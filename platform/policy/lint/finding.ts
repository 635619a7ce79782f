import { DAY } from '../../kernel/clock.ts'
import { duration } from '../../kernel/value-type.ts'
import type { CompiledPolicy } from '../compile.ts'
import type { Part } from '../sentence.ts'

/**
 * How grave a finding is. `contradicted`: a sentence cannot be true as it stands. `conflict`: two sentences, or a
 * sentence and a law, standard or fact, ask for different things. `vague`: nobody could test it. `note`: worth knowing.
 */
export type Severity = 'contradicted' | 'conflict' | 'vague' | 'note'

/** What a rule found in the text. */
export interface Finding {
  /** `L1` to `L20`. */
  readonly rule: string
  readonly severity: Severity
  /** Every clause involved, the one to reword first. */
  readonly clauses: readonly string[]
  /** The clauses that are shown as CONTRADICTED because of it; empty unless the severity says so. */
  readonly contradicts: readonly string[]
  readonly why: string
  /** Words that would end the finding, as they would stand in the text. */
  readonly proposed: string
}

/** A certificate in the register: held with a document, being worked towards, or neither. */
export type CertificateState = 'held' | 'working-towards' | 'none'

/** What is known outside the text. */
export interface LintFacts {
  readonly today: Date
  /** When the newest version was published; null when none was. */
  readonly lastPublishedAt: Date | null
  /** Names in the vendor register. */
  readonly vendorsRegistered: readonly string[]
  /** Whether a security contact is configured. */
  readonly contactConfigured: boolean
  /** By clause id; a certificate that is not named is not known of. */
  readonly certificateStates: Readonly<Record<string, CertificateState>>
  /** Whether it is proven that no session can reach card data. */
  readonly cardDataOutOfReach: boolean
  /** Whether every change is archived as it is made, between backups as well. */
  readonly changesArchived: boolean
}

/** The text as rules read it. */
export interface Words {
  /** The sentence of a clause; empty when its promise was removed. */
  says(clause: string): string
  /** The sentence as it stands in the file, without its id. */
  written(clause: string): string
  /** The ids of the clauses that still make a promise, in the order of the text. */
  readonly clauses: readonly string[]
  /** A value's words, empty when there is none. */
  valueText(parameter: string): string
  /** A value that is a length of time, in seconds; undefined when there is none. */
  seconds(parameter: string): number | undefined
}

/** A rule: reads the text and the facts, and returns what it found. */
export interface Rule {
  readonly id: string
  find(words: Words, facts: LintFacts): readonly Omit<Finding, 'rule'>[]
}

/** Makes a rule that finds one thing or nothing; `contradicts` is empty unless given. */
export function rule(
  id: string,
  find: (
    words: Words,
    facts: LintFacts,
  ) => (Omit<Finding, 'rule' | 'contradicts'> & { readonly contradicts?: readonly string[] }) | undefined,
): Rule {
  return {
    id,
    find: (words, facts) => {
      const found = find(words, facts)
      return found === undefined ? [] : [{ contradicts: [], ...found }]
    },
  }
}

/** Gives rules their view of a compiled policy. */
export function wordsOf({ clauses, values }: Pick<CompiledPolicy, 'clauses' | 'values'>): Words {
  const standing = [...clauses.values()].filter(({ removed }) => !removed)
  const found = new Map(standing.map((clause) => [clause.id, clause]))
  return {
    says: (id) => found.get(id)?.sentence ?? '',
    written: (id) => (found.get(id)?.parts ?? []).map(source).join(''),
    clauses: [...found.keys()],
    valueText: (name) => values.get(name)?.text ?? '',
    seconds: (name) => {
      const value = values.get(name)
      return value?.parameter.type.kind === 'duration' && typeof value.value === 'number'
        ? value.value
        : undefined
    },
  }
}

function source(part: Part): string {
  if (part.kind === 'value') return `[${part.text}](set:${part.parameter})`
  if (part.kind === 'link') return `[${part.text}](${part.url})`
  if (part.kind === 'code') return `\`${part.text}\``
  return part.kind === 'emphasis' ? `*${part.text}*` : part.text
}

const anyLength = duration({ min: 0, max: Number.MAX_SAFE_INTEGER })
const RHYTHMS: readonly (readonly [RegExp, number])[] = [
  [/\bhourly\b|\b(?:every|once an|each) hour\b/i, 3600],
  [/\bdaily\b|\b(?:every|once a|each) day\b/i, DAY],
  [/\bweekly\b|\b(?:every|once a|each) week\b/i, 7 * DAY],
  [/\bmonthly\b|\b(?:every|once a|each) month\b/i, (365 * DAY) / 12],
  [/\bquarterly\b|\b(?:every|once a|each) quarter\b/i, (365 * DAY) / 4],
  [/\byearly\b|\bannually\b|\b(?:every|once a|each) year\b/i, 365 * DAY],
]

/** The first length of time or rhythm that the words name (`4 hours`, `every week`), in seconds. */
export function timeIn(words: string): number | undefined {
  for (const [length] of words.matchAll(/\b[\w,]+[ -](?:second|minute|hour|day|week|month|year)s?\b/gi)) {
    const reading = anyLength.read(length)
    if (reading.ok) return reading.value
  }
  return RHYTHMS.find(([rhythm]) => rhythm.test(words))?.[1]
}

/** The words with a full stop at the end exchanged for other words. */
export function ending(words: string, by: string): string {
  return words.replace(/[.:]?$/, () => by)
}
