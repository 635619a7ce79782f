import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { patternsOf } from '../../../test/pcre2/sources.ts'
import { compilePattern, MODSECURITY_2 } from './index.ts'
import { randomSearch } from './random-search.fixture.ts'
import { diceOf, pumped, sample } from './random.fixture.ts'
import { readPattern } from './read.ts'

/** One walk for everybody: a random pattern may take a matcher minutes, which would be told of another machine's bad day. */
const SEED = 20_261_122

const folder = process.env.SURETY_PUBLIC_DATA
const skip = folder === undefined ? 'SURETY_PUBLIC_DATA names no folder' : false

suite('long values', () => {
  test('the search in one pass says what V8 says', () => {
    let compared = 0
    let matches = 0
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const made = randomSearch(seed)
        if (made === null) return
        const { text, search, values } = made
        const pattern = compilePattern(text)
        for (const value of values) {
          if (value.length > 500 || !pattern.linear) continue
          const verdict = pattern.verdict(value)
          compared++
          if (verdict === 'match') matches++
          assert.equal(search.verdict(value), verdict, `${text} on ${JSON.stringify(value)}`)
        }
      }),
      { numRuns: 400, seed: SEED },
    )
    assert.ok(compared > 5_000 && matches > 2_000, `${compared} compared, ${matches} matches`)
  })

  test('loops that are quadratic to a backtracking engine are answered for 64 KB', () => {
    const text = 'x'.repeat(65_536)
    for (const [source, value, is] of [
      ['(?i).*\\.ph(?:p\\d*|tml)\\.*$', text, false],
      ['(?i).*\\.ph(?:p\\d*|tml)\\.*$', `${text}.php3.`, true],
      ['x*y', text, false],
      ['(x+x+)+y', text, false],
      ['(?:x|xx|x{2,9})*[^x]', text, false],
      ['^(?:x?){30}x{30}$', text, false],
      ['(x*)*$y', text, false],
    ] as const)
      assert.equal(compilePattern(source).verdict(value), is ? 'match' : 'no-match', source)
  })

  test(
    'no pumped value of 64 KB takes a pattern of the Core Rule Set over its budget of steps',
    { skip },
    () => {
      const dice = diceOf(3)
      for (const [text, rules] of patternsOf(join(folder ?? '', 'crs/rules'))) {
        const pattern = compilePattern(text)
        const derived = sample(dice, readPattern(text, MODSECURITY_2).root, 3)
        for (const length of [512, 65_536]) {
          const value = pumped(dice, derived, length)
          assert.notEqual(pattern.verdict(value), 'over-budget', `${rules.join()}: ${value.slice(0, 80)}`)
        }
      }
    },
  )

  test('what only backtracking can answer is given up under the budget, and then counts as a match', () => {
    const pattern = compilePattern('(?=x)(x+x+)+\\1y')
    assert.equal(pattern.linear, false)
    assert.equal(pattern.verdict('x'.repeat(65_536)), 'over-budget')
    assert.equal(pattern.test('x'.repeat(65_536)), true)
    assert.equal(pattern.verdict('xxxxxxy'), 'match')
    assert.equal(pattern.verdict('xxxxxxz'), 'no-match')
  })
})
