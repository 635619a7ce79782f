/**
 * Looks for values that hold a pattern long: parts of texts that it matches, repeated to 512 bytes and to 64 KB; prints
 * the patterns that took most processor time.
 * Usage: pump.ts --rules FOLDER [--rounds N] [--seed N]
 */
import { parseArgs } from 'node:util'
import { compilePattern, MODSECURITY_2 } from '../../engines/waf/regex/index.ts'
import { diceOf, pumped, sample } from '../../engines/waf/regex/random.fixture.ts'
import { readPattern } from '../../engines/waf/regex/read.ts'
import { patternsOf } from './sources.ts'

const SHOWN_MAX = 15
const { values: given } = parseArgs({
  options: {
    rules: { type: 'string' },
    rounds: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
  },
})
if (given.rules === undefined) throw new Error('--rules names no folder')

const dice = diceOf(Number(given.seed))
let values = 0
let overBudget = 0
const worst = [...patternsOf(given.rules)].map(([text, rules]) => {
  const pattern = compilePattern(text)
  const { root } = readPattern(text, MODSECURITY_2)
  const most = { milliseconds: 0, rules: rules.join(), what: '' }
  for (let round = 0; round < Number(given.rounds); round++) {
    const derived = sample(dice, root, 3)
    for (const length of [512, 65_536]) {
      const value = pumped(dice, derived, length)
      const before = process.threadCpuUsage()
      const verdict = pattern.verdict(value)
      const { user, system } = process.threadCpuUsage(before)
      values++
      if (verdict === 'over-budget') overBudget++
      if ((user + system) / 1000 <= most.milliseconds) continue
      most.milliseconds = (user + system) / 1000
      most.what = `${length} bytes: ${verdict}: ${JSON.stringify(value.slice(0, 60))}`
    }
  }
  return most
})
console.log(`${values} values, ${overBudget} over budget; most processor time, in milliseconds:`)
for (const { milliseconds, rules, what } of worst
  .toSorted((a, b) => b.milliseconds - a.milliseconds)
  .slice(0, SHOWN_MAX))
  console.log(`${milliseconds.toFixed(1)} ${rules} ${what}`)
