import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { START } from '../operators/operator.ts'
import { meets } from './meets.fixture.ts'
import { compilePattern, MODSECURITY_2 } from './index.ts'
import { diceOf, mutate, randomPattern, randomText, sample } from './random.fixture.ts'
import { readPattern } from './read.ts'

/** One walk for everybody: a random pattern may take a matcher minutes, which would be told of another machine's bad day. */
const SEED = 20_261_122

function compiledOrNull(pattern: string) {
  try {
    return { pattern: compilePattern(pattern), root: readPattern(pattern, MODSECURITY_2).root }
  } catch {
    return null
  }
}

suite('needs of a pattern', () => {
  test('whatever a random pattern matches has what the pattern needs', () => {
    let matches = 0
    fc.assert(
      fc.property(fc.integer(), fc.boolean(), (seed, hard) => {
        const dice = diceOf(seed)
        const text = randomPattern(dice, hard)
        const compiled = compiledOrNull(text)
        if (compiled === null) return
        const { pattern, root } = compiled
        for (let i = 0; i < 12; i++) {
          const derived = sample(dice, root)
          const values = [derived, mutate(dice, derived), `a ${derived}b`, randomText(dice, 15)]
          for (const value of values) {
            if (pattern.verdict(value) !== 'match') continue
            matches++
            assert.ok(meets(value, pattern.needs), `${JSON.stringify(text)} on ${JSON.stringify(value)}`)
          }
        }
      }),
      { numRuns: 500, seed: SEED },
    )
    assert.ok(matches > 1_500, `only ${matches} matches were looked at`)
  })

  test('literals, byte sets and the least length are found', () => {
    const { needs } = compilePattern('(?i)union[\\s\\v]+select\\b.*(?:from|into)\\s*\\(')
    assert.equal(needs?.lengthMin, 17)
    const groups = needs?.literals.map((group) => group.toSorted().join(' ')) ?? []
    assert.ok(groups.some((group) => group.includes('union')))
    assert.ok(groups.some((group) => group.includes('select')))
    assert.equal(meets('union select 1 from x', needs ?? null), false)
    assert.equal(meets('UNION SELECT 1 FROM (', needs ?? null), true)
  })

  test('of plain values more is asked, or none will do', () => {
    const shell = compilePattern(`(?i)(?:^|[;|])['"]*(?:n['"]*o['"]*h['"]*u['"]*p|ls) `).needs
    assert.deepEqual(shell?.plain?.toSorted(), [`${START}ls `, `${START}nohup `])
    for (const [value, is] of [
      ['ls -l', true],
      ['all ls ', false],
      ['all ;ls ', true],
      ["no'hup x", true],
    ] as const)
      assert.equal(meets(value, shell ?? null), is, value)
    assert.equal(compilePattern('<script').needs?.plain, null)
  })

  test('what may match the empty value needs nothing', () => {
    for (const text of ['', 'a*', '^$', '(?:abc)?', '(?!abc)'])
      assert.equal(compilePattern(text).needs, null, text)
  })
})
