import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { compilePattern, openPatternStore, type PatternStore } from './index.ts'
import { diceOf, mutate, randomPattern, randomText } from './random.fixture.ts'

/** One walk for everybody: a random pattern may take a matcher minutes, which would be told of another machine's bad day. */
const SEED = 20_261_122

const SAMPLES = ['(?i)union\\s+select', '^\\d{1,40}$', '(a+)+b', '(a*)b\\1', '(?i:x)[^\\x00-\\x1f\\xe9]']

function filled(patterns: readonly string[]): PatternStore {
  const store = openPatternStore(null)
  for (const text of patterns) compilePattern(text, {}, undefined, store)
  return store
}

function savedBy(store: PatternStore): Uint8Array {
  const bytes = store.bytes()
  assert.ok(bytes !== null, 'there is something to keep')
  return bytes
}

suite('a store of patterns', () => {
  test('a pattern that comes from a store is the one that is compiled anew', () => {
    fc.assert(
      fc.property(fc.integer(), fc.boolean(), (seed, hard) => {
        const dice = diceOf(seed)
        const text = randomPattern(dice, hard)
        let fresh
        try {
          fresh = compilePattern(text)
        } catch {
          return
        }
        const known = compilePattern(text, {}, undefined, openPatternStore(savedBy(filled([text]))))
        assert.deepEqual(known.needs, fresh.needs)
        assert.equal(known.source, fresh.source)
        assert.equal(known.linear, fresh.linear)
        for (const value of [randomText(dice, 20), mutate(dice, text), '']) {
          assert.equal(known.verdict(value), fresh.verdict(value))
          assert.deepEqual(known.exec(value), fresh.exec(value))
        }
      }),
      { numRuns: 150, seed: SEED },
    )
  })

  test('what is kept is what was asked for, and only when it is new', () => {
    const saved = savedBy(filled(SAMPLES))
    const again = openPatternStore(saved)
    for (const text of SAMPLES.slice(1)) compilePattern(text, {}, undefined, again)
    assert.equal(again.bytes(), null)
    compilePattern('something else', {}, undefined, again)
    const more = Buffer.from(savedBy(again)).toString('utf8')
    assert.ok(more.includes('something else'))
    assert.ok(!more.includes('union'), 'a pattern that nobody asked for any more is not kept')
    assert.equal(again.bytes(), null)
  })

  test('options are part of what a pattern is', () => {
    const store = openPatternStore(savedBy(filled(['^a$'])))
    assert.equal(compilePattern('^a$', { ignoreCase: true }, undefined, store).test('A'), true)
    assert.equal(compilePattern('^a$', {}, undefined, store).test('A'), false)
  })

  test('bytes that are damaged, cut or of another kind are as good as none', () => {
    const saved = savedBy(filled(SAMPLES))
    const damaged = fc.oneof(
      fc.tuple(fc.nat(saved.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, change]) => {
        const copy = Uint8Array.from(saved)
        copy[at] = (copy[at] ?? 0) ^ change
        return copy
      }),
      fc.nat(saved.length - 1).map((length) => saved.slice(0, length)),
      fc.uint8Array(),
    )
    fc.assert(
      fc.property(damaged, (bytes) => {
        const store = openPatternStore(bytes)
        assert.equal(compilePattern('(?i)union\\s+select', {}, undefined, store).test('UNION SELECT'), true)
        assert.ok(store.bytes() !== null, 'they are to be replaced')
      }),
    )
  })

  test('a pattern that is refused is refused by every store, and not kept', () => {
    const store = openPatternStore(null)
    assert.throws(() => compilePattern('(a', {}, undefined, store), { code: 'pattern-malformed' })
    assert.equal(store.bytes(), null)
  })
})
