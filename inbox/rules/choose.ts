import { containsPhrase, wordsOf } from './fold.ts'

/** An automatic reply, opened. */
export interface Rule {
  readonly id: string
  readonly channelId: string | null
  readonly kind: 'keyword' | 'first-message'
  readonly name: string
  /** Literal words or phrases; empty for a first-message rule. */
  readonly words: readonly string[]
  readonly reply: string
  /** 1 is tried first. */
  readonly priority: number
  readonly cooldownSeconds: number
  readonly enabled: boolean
}

/** What is asked of the rules. */
export interface RuleQuestion {
  readonly channelId: string
  /** Null for a message without text. */
  readonly text: string | null
  /** Whether the contact never wrote on this channel before. */
  readonly first: boolean
  readonly now: Date
  /** When each rule last answered this contact, by rule id. */
  readonly lastFired: ReadonlyMap<string, Date>
}

/** Why a rule answers or does not. */
export type RuleVerdict =
  | 'fires'
  | 'off'
  | 'other-channel'
  | 'not-first'
  | 'no-word'
  | 'cooling-down'
  | 'another-first'

/** Every rule with its verdict, in the order they are tried. */
export interface RuleChoice {
  readonly chosen: Rule | null
  readonly verdicts: readonly { readonly rule: Rule; readonly verdict: RuleVerdict }[]
}

/** Chooses the one rule that answers: the lowest priority number among those that match, then the oldest. Pure. */
export function chooseRule(rules: readonly Rule[], question: RuleQuestion): RuleChoice {
  const words = question.text === null ? [] : wordsOf(question.text)
  let chosen: Rule | null = null
  const verdicts = rules.toSorted(inOrder).map((rule) => {
    const own = verdictOf(rule, question, words)
    const verdict = own === 'fires' && chosen !== null ? 'another-first' : own
    if (verdict === 'fires') chosen = rule
    return { rule, verdict }
  })
  return { chosen, verdicts }
}

function inOrder(a: Rule, b: Rule): number {
  return a.priority - b.priority || (a.id < b.id ? -1 : a.id === b.id ? 0 : 1)
}

function verdictOf(rule: Rule, question: RuleQuestion, words: readonly string[]): RuleVerdict {
  if (!rule.enabled) return 'off'
  if (rule.channelId !== null && rule.channelId !== question.channelId) return 'other-channel'
  if (rule.kind === 'first-message' && !question.first) return 'not-first'
  if (rule.kind === 'keyword' && !rule.words.some((word) => containsPhrase(words, wordsOf(word))))
    return 'no-word'
  return coolingDown(question.lastFired.get(rule.id), rule.cooldownSeconds, question.now)
    ? 'cooling-down'
    : 'fires'
}

/** Whether a rule that fired at `last` must still be silent; the end of the cooldown is no longer part of it. */
export function coolingDown(last: Date | undefined, cooldownSeconds: number, now: Date): boolean {
  return last !== undefined && now.getTime() - last.getTime() < cooldownSeconds * 1000
}
