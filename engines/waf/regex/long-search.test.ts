import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { LazySearch } from './dfa.ts'
import { firstTable, isAnchored } from './first.ts'
import { MODSECURITY_2 } from './index.ts'
import { longSearch } from './long-search.ts'
import { automatonOf } from './nfa.ts'
import { diceOf, mutate, randomPattern, randomText, sample } from './random.fixture.ts'
import { readPattern } from './read.ts'

function treeOrNull(pattern: string) {
  try {
    return readPattern(pattern, MODSECURITY_2)
  } catch {
    return null
  }
}

suite('searches of long values', () => {
  test('what is left out for plain values is nothing that could match', () => {
    let plain = 0
    let matches = 0
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const dice = diceOf(seed)
        const text = randomPattern(dice, false)
        const tree = treeOrNull(text)
        const automaton = tree === null ? null : automatonOf(tree.root)
        if (tree === null || automaton === null || automaton.kinds.length > 300) return
        const whole = new LazySearch(automaton, firstTable(tree.root), isAnchored(tree.root))
        const search = longSearch(tree.root)
        for (let i = 0; i < 10; i++) {
          const derived = sample(dice, tree.root)
          for (const value of [derived, mutate(dice, derived), ` -${derived}`, randomText(dice, 15)]) {
            const verdict = whole.verdict(value)
            if (/^[\w .,:/-]+$/.test(value)) {
              plain++
              if (verdict === 'match') matches++
            }
            assert.equal(search?.(value), verdict, `${text} on ${JSON.stringify(value)}`)
          }
        }
      }),
      { numRuns: 1500 },
    )
    assert.ok(plain > 4_000 && matches > 1_000, `${plain} plain, ${matches} matches`)
  })

  test('a choice of the start of the value and of other places finds both', () => {
    const search = longSearch(
      readPattern('(?i)(?:^(?:json\\.)?|[;=]|nohup) *(?:ls|cat) ', MODSECURITY_2).root,
    )
    for (const [value, verdict] of [
      ['ls x', 'match'],
      ['JSON.cat x', 'match'],
      ['sails x', 'no-match'],
      ['a nohup ls x', 'match'],
      ['a nohup as x', 'no-match'],
      ['a;ls x', 'match'],
    ] as const)
      assert.equal(search?.(value), verdict, value)
  })
})
