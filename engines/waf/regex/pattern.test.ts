import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { patternsOf } from '../../../test/pcre2/sources.ts'
import { WafError } from '../waf-error.ts'
import { compilePattern, MODSECURITY_2, MODSECURITY_3, type ReadOptions } from './index.ts'
import { meets } from './meets.fixture.ts'
import { diceOf, mutate, sample } from './random.fixture.ts'
import { readPattern } from './read.ts'

const folder = process.env.SURETY_PUBLIC_DATA
const skip = folder === undefined ? 'SURETY_PUBLIC_DATA names no folder' : false
const coreRules = (): Map<string, string[]> => patternsOf(join(folder ?? '', 'crs/rules'))

function groups(
  pattern: string,
  value: string,
  options: Partial<ReadOptions> = {},
): readonly string[] | null {
  return compilePattern(pattern, options).exec(value)?.groups ?? null
}

suite('patterns', () => {
  test('flags hold where they are set, and to the end of their group', () => {
    assert.deepEqual(groups('(a(?i)b|c)d', 'Cd'), ['Cd', 'C'])
    assert.equal(groups('(a(?i)b|c)d', 'CD'), null)
    assert.deepEqual(groups('x(?i:Y)z', 'xyz'), ['xyz'])
    assert.equal(groups('x(?i:Y)z', 'xyZ'), null)
    assert.deepEqual(groups('(?x) a b # more\n c', 'abc'), ['abc'])
  })

  test('bytes are bytes: case is that of ASCII, white space that of PCRE', () => {
    assert.equal(compilePattern('(?i)\\xe9').test('\xc9'), false)
    assert.equal(compilePattern('(?i)k').test('\u212a'), false)
    assert.equal(compilePattern('\\s').test('\xa0'), false)
    assert.equal(compilePattern('\\h').test('\xa0'), true)
    assert.equal(compilePattern('\\v').test('\x85'), true)
    assert.equal(compilePattern('^.$').test('\n'), true)
  })

  test('the end is the very end, or as options say', () => {
    assert.equal(compilePattern('a$').test('a\n'), false)
    assert.equal(compilePattern('a$', { dollarEndOnly: false }).test('a\n'), true)
    assert.equal(compilePattern('a$', MODSECURITY_3).test('a\nb'), true)
    assert.equal(compilePattern('^b', MODSECURITY_3).test('a\nb'), true)
    assert.equal(compilePattern('a\\Z').test('a\n'), true)
  })

  test('groups are those of PCRE where JavaScript would forget them', () => {
    assert.deepEqual(groups('(?:(a)|b)+', 'ab'), ['ab', 'a'])
    assert.deepEqual(groups('(|a)+', 'aa'), ['', ''])
    assert.deepEqual(groups('(a){20}', 'a'.repeat(20)), ['a'.repeat(20), 'a'])
  })

  test('possessive and atomic parts, references and look-around mean what they mean', () => {
    assert.equal(compilePattern('a*+a').test('aaa'), false)
    assert.equal(compilePattern('(?x)a{1,3} +a').test('aaa'), false)
    assert.equal(compilePattern('a{1,2}(?#lazy)?').exec('aa')?.groups[0], 'a')
    assert.equal(compilePattern('(?>a|ab)c').test('abc'), false)
    assert.equal(compilePattern('(?i)(a+)-\\1$').test('aA-Aa'), true)
    assert.equal(compilePattern('foo(?!bar)').test('foobar'), false)
    assert.equal(compilePattern('(?<![a-z])x').test('ax x'), true)
    assert.deepEqual(groups('(?=(\\w+))x\\K.', 'xy'), ['y', 'xy'])
  })

  test('what cannot be read is refused with its place', () => {
    const place = { file: 'a.conf', line: 7 }
    for (const bad of [
      '(',
      ')',
      'a**',
      '[a',
      '[b-a]',
      'a{3,2}',
      '\\',
      '(?<n',
      '\\2(a)',
      '*',
      '(?<=a+)b',
      '[[:no:]]',
      '(?|(?<a>x)|(?<b>y))',
    ])
      assert.throws(
        () => compilePattern(bad, {}, place),
        (error) => error instanceof WafError && error.code === 'pattern-malformed' && error.place === place,
        bad,
      )
    for (const beyond of ['(?R)', '(?1)(a)', '(?(1)a|b)', '(*FAIL)', '\\p{L}', '\\X', '(?&n)'])
      assert.throws(
        () => compilePattern(beyond, {}, place),
        (error) => error instanceof WafError && error.code === 'pattern-unsupported',
        beyond,
      )
  })

  test('hostile patterns neither hang nor break the reader', () => {
    for (const bad of ['('.repeat(100_000), '(?:'.repeat(300) + ')'.repeat(300), '['.repeat(1_000)])
      assert.throws(() => compilePattern(bad), WafError)
    assert.equal(compilePattern('(?:a{1000}){1000}').test('a'), false)
    assert.equal(compilePattern('a{0,65535}b').test('ab'), true)
  })

  test('every pattern of the Core Rule Set is one for the linear engine', { skip }, () => {
    const patterns = coreRules()
    assert.ok(patterns.size > 280, `only ${patterns.size} patterns`)
    setFlagsFromString('--enable-experimental-regexp-engine')
    const linearOnly = 'l'
    for (const [text, rules] of patterns) {
      const { linear, source } = compilePattern(text)
      assert.equal(linear, true, rules.join())
      assert.doesNotThrow(() => new RegExp(source, linearOnly), rules.join())
    }
  })

  test('whatever a pattern of the Core Rule Set matches has what it needs', { skip }, () => {
    const dice = diceOf(11)
    let matches = 0
    for (const [text, rules] of coreRules()) {
      const pattern = compilePattern(text)
      const { root } = readPattern(text, MODSECURITY_2)
      for (let i = 0; i < 60; i++) {
        const derived = sample(dice, root)
        for (const value of [derived, mutate(dice, derived), ` ${derived};`, derived.toUpperCase()]) {
          if (/[^\0-\xff]/.test(value) || !pattern.test(value)) continue
          matches++
          assert.ok(meets(value, pattern.needs), `${rules.join()} on ${JSON.stringify(value)}`)
        }
      }
    }
    assert.ok(matches > 30_000, `only ${matches} matches were looked at`)
  })
})
