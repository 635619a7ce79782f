import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { MODSECURITY_2 } from './index.ts'
import { longSearch } from './long-search.ts'
import { randomSearch } from './random-search.fixture.ts'
import { readPattern } from './read.ts'

/** One walk for everybody: a random pattern may take a matcher minutes, which would be told of another machine's bad day. */
const SEED = 20_261_122

suite('searches of long values', () => {
  test('what is left out for plain values is nothing that could match', () => {
    let plain = 0
    let matches = 0
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const made = randomSearch(seed)
        if (made === null) return
        const { text, root, search: whole, values } = made
        const search = longSearch(root)
        for (const value of values) {
          const verdict = whole.verdict(value)
          if (/^[\w .,:/-]+$/.test(value)) {
            plain++
            if (verdict === 'match') matches++
          }
          assert.equal(search?.(value), verdict, `${text} on ${JSON.stringify(value)}`)
        }
      }),
      { numRuns: 500, seed: SEED },
    )
    assert.ok(plain > 2_000 && matches > 1_000, `${plain} plain, ${matches} matches`)
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
