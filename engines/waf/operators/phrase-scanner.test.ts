import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Bytes } from '../model.ts'
import { phraseScanner } from './phrase-scanner.ts'

function lower(text: Bytes): Bytes {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** The hit that ends first, the longest of those that end there, the first of equal ones: looked for one by one. */
function naive(phrases: readonly Bytes[], value: Bytes): { phrase: number; end: number } | null {
  const inLower = lower(value)
  const hits = phrases.flatMap((phrase, index) => {
    const at = phrase === '' ? -1 : inLower.indexOf(lower(phrase))
    return at < 0 ? [] : [{ phrase: index, at, end: at + phrase.length }]
  })
  const [found] = hits.toSorted((a, b) => a.end - b.end || a.at - b.at || a.phrase - b.phrase)
  return found === undefined ? null : { phrase: found.phrase, end: found.end }
}

const few = fc.string({ unit: fc.constantFrom('a', 'A', 'b', 'B', 'c', '\xe9', '\xc9'), maxLength: 6 })
const any = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 5 })
  .map((codes) => String.fromCharCode(...codes))

suite('the scanner of phrases', () => {
  test('finds what a search for one after the other finds', () => {
    const phrases = fc.array(fc.oneof(few, any), { maxLength: 12 })
    const value = fc.array(fc.oneof(few, any), { maxLength: 20 }).map((all) => all.join(''))
    fc.assert(
      fc.property(phrases, value, (phrases, value) => {
        const scanner = phraseScanner(phrases)
        for (let from = 0; from <= value.length; from += 1) {
          const rest = value.slice(from)
          const expected = naive(phrases, rest)
          assert.deepEqual(scanner.first(rest), expected)
          assert.equal(scanner.test(rest), expected !== null)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('gives the hit that ends first, the longest of those', () => {
    const scanner = phraseScanner(['he', 'she', 'hers', 'SHE'])
    const hit = scanner.first('ushers')
    assert.equal(hit?.end, 4)
    assert.ok(hit?.phrase === 1 || hit?.phrase === 3)
    assert.equal(scanner.first('xx'), null)
  })

  test('tells phrases apart by bytes beyond ASCII, whose case is theirs', () => {
    assert.equal(phraseScanner(['\xe9']).test('\xc9'), false)
    assert.equal(phraseScanner(['\xe9']).test('\xe9'), true)
  })

  test('uses every byte there is', () => {
    const all = Array.from(
      { length: 256 },
      (_, code) => `${String.fromCharCode(code)}${String.fromCharCode(255 - code)}`,
    )
    const scanner = phraseScanner(all)
    for (const [index, phrase] of all.entries())
      assert.deepEqual(scanner.first(`${phrase.charAt(0)}${phrase}`), { phrase: index, end: 3 })
  })

  test('takes little room and time for thousands of phrases', () => {
    const phrases = Array.from({ length: 6000 }, (_, index) => `/${(index * 7919).toString(36)}/${index}.php`)
    const before = process.cpuUsage()
    const scanner = phraseScanner(phrases)
    assert.ok(process.cpuUsage(before).user < 1_500_000)
    assert.ok(scanner.bytes < 3_000_000, String(scanner.bytes))
    assert.ok(phrases.every((phrase) => scanner.test(`x${phrase.toUpperCase()}`)))
  })

  test('reads hostile values in proportion to their length', () => {
    const scanner = phraseScanner(Array.from({ length: 200 }, (_, length) => `${'a'.repeat(length)}b`))
    const value = 'a'.repeat(262_144)
    const before = process.cpuUsage()
    assert.equal(scanner.test(value), false)
    assert.ok(process.cpuUsage(before).user < 1_000_000)
  })
})
