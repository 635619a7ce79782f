/**
 * Compares our regular expressions with PCRE2: every pattern of rule files against the values of their regression cases
 * and mutations, or random patterns against random values.
 * Usage: run.ts --rules FOLDER --cases FOLDER [--mutations N] | --random PATTERNS  [--seed N]
 */
import { parseArgs } from 'node:util'
import { assertLinearEngine, MODSECURITY_2 } from '../../engines/waf/regex/index.ts'
import {
  diceOf,
  mutate,
  randomPattern,
  randomText,
  type Dice,
} from '../../engines/waf/regex/random.fixture.ts'
import { comparison, type Comparison } from './compare.ts'
import { askPcre2, type Asked } from './oracle.ts'
import { patternsOf, valuesOf } from './sources.ts'

const VALUE_LENGTH_MAX = 4_000
const RANDOM_VALUES = 150

const { values: given } = parseArgs({
  options: {
    rules: { type: 'string' },
    cases: { type: 'string' },
    mutations: { type: 'string', default: '1' },
    random: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
})
assertLinearEngine()
const dice = diceOf(Number(given.seed))

function compare(
  asked: readonly Asked[],
  subjects: readonly string[],
  label: (pattern: string) => string,
): Comparison | null {
  const result = comparison(subjects, label)
  const ran = askPcre2(asked, subjects, (one, said) => result.hear(one, said))
  return ran ? result.end() : null
}

function ofRules(rules: string, cases: string, mutations: number): Comparison | null {
  const patterns = patternsOf(rules)
  const values = valuesOf(cases, VALUE_LENGTH_MAX)
  const subjects = values.flatMap((value) => [
    value,
    ...Array.from({ length: mutations }, () => mutate(dice, value)),
  ])
  console.log(`${patterns.size} patterns, ${subjects.length} values`)
  const asked = [...patterns.keys()].map((pattern) => ({ pattern, options: MODSECURITY_2 }))
  return compare(asked, subjects, (pattern) => patterns.get(pattern)?.join(' ') ?? '')
}

function randomAsked(dice: Dice): Asked {
  const pattern = randomPattern(dice, dice(2) === 0)
  const flag = (): boolean => dice(2) === 0
  return {
    pattern,
    options: { dotAll: flag(), dollarEndOnly: flag(), multiline: dice(4) === 0, ignoreCase: dice(4) === 0 },
  }
}

function ofRandom(count: number): Comparison | null {
  const subjects = Array.from({ length: RANDOM_VALUES }, () => randomText(dice, 12))
  return compare(
    Array.from({ length: count }, () => randomAsked(dice)),
    subjects,
    () => 'random',
  )
}

const result =
  given.random !== undefined
    ? ofRandom(Number(given.random))
    : given.rules !== undefined && given.cases !== undefined
      ? ofRules(given.rules, given.cases, Number(given.mutations))
      : null
if (result === null) {
  console.log('nothing was compared')
  process.exitCode = 2
} else if (result.differences > 0) process.exitCode = 1
