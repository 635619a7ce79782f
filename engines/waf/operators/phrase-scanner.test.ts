import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Bytes } from '../model.ts'
import { phraseScanner } from './phrase-scanner.ts'

function lower(text: Bytes): Bytes {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Every phrase at every place, looked for one by one. */
function naive(phrases: readonly Bytes[], value: Bytes, from: number): string[] {
  const found: string[] = []
  phrases.forEach((phrase, index) => {
    const last = phrase === '' ? -1 : value.length - phrase.length
    for (let at = from; at <= last; at += 1)
      if (lower(value).startsWith(lower(phrase), at)) found.push(`${index}@${at + phrase.length}`)
  })
  return found.sort()
}

function scanned(phrases: readonly Bytes[], value: Bytes, from: number): string[] {
  const found: string[] = []
  phraseScanner(phrases).scan(value, from, (phrase, end) => found.push(`${phrase}@${end}`))
  return found.sort()
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
      fc.property(phrases, value, fc.nat(4), (phrases, value, from) => {
        const expected = naive(phrases, value, from)
        assert.deepEqual(scanned(phrases, value, from), expected)
        const scanner = phraseScanner(phrases)
        assert.equal(scanner.test(value), naive(phrases, value, 0).length > 0)
        assert.equal(scanner.first(value, from) === null, expected.length === 0)
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
    for (const [index, phrase] of all.entries()) {
      const found: string[] = []
      scanner.scan(`\x80${phrase}`, 0, (phrase, end) => found.push(`${phrase}@${end}`))
      assert.ok(found.includes(`${index}@3`), String(index))
    }
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
