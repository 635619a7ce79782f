import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Selector, Target } from '../model.ts'
import { COLLECTIONS, SINGLES, type VariableName } from '../names.ts'
import { readTarget, readTargets, targetText } from './target.ts'

const place = { file: 'sample.conf', line: 7 }
const target = (variable: VariableName, selector: Selector | null = null): Target => ({
  variable,
  selector,
  count: false,
  except: false,
})
const name = (name: string): Selector => ({ kind: 'name', name })
const pattern = (pattern: string): Selector => ({ kind: 'pattern', pattern })

test('variables are read in any case, with names, patterns, counts and exceptions', () => {
  const written = String.raw`args|!ARGS:foo|&Tx:'/WEB ATTACK/' | REQUEST_COOKIES:/^_ga(?:_\w+|x{1,3})?$/,REQUEST_URI`
  assert.deepEqual(readTargets(written, place), [
    target('ARGS'),
    { ...target('ARGS', name('foo')), except: true },
    { ...target('TX', pattern('WEB ATTACK')), count: true },
    target('REQUEST_COOKIES', pattern(String.raw`^_ga(?:_\w+|x{1,3})?$`)),
    target('REQUEST_URI'),
  ])
})

test('names keep brackets, dots, colons and commas that no variable follows', () => {
  assert.deepEqual(readTargets('ARGS:a[0][b.c],d|ARGS:x:y', place), [
    target('ARGS', name('a[0][b.c],d')),
    target('ARGS', name('x:y')),
  ])
})

test('XML is chosen by path', () => {
  assert.deepEqual(readTargets("XML:/*|XML://@*|XML:'/a[b|c]/text()'", place), [
    target('XML', { kind: 'xpath', path: '/*' }),
    target('XML', { kind: 'xpath', path: '//@*' }),
    target('XML', { kind: 'xpath', path: '/a[b|c]/text()' }),
  ])
})

test('a slash inside a pattern does not close it', () => {
  assert.deepEqual(
    readTarget(String.raw`ARGS:/a/b\/|c/`, place),
    target('ARGS', pattern(String.raw`a/b\/|c`)),
  )
})

test('the other spelling of a variable is the same variable', () => {
  assert.equal(readTarget('MULTIPART_SEMICOLON_MISSING', place).variable, 'MULTIPART_MISSING_SEMICOLON')
})

test('what is not a list of variables is refused with its place', () => {
  const refused = {
    syntax: [
      '',
      '|',
      'ARGS|',
      '|ARGS',
      'ARGS ARGS',
      'ARGS:',
      'ARGS:/a',
      "ARGS:'a",
      'REQUEST_URI:a',
      '!&ARGS',
      'ARGS://',
    ],
    'variable-unknown': ['ARG', 'ARGS|NOTHING:x', 'constructor', '__proto__'],
  }
  for (const [code, texts] of Object.entries(refused)) {
    for (const text of texts) assert.throws(() => readTargets(text, place), { code, place }, text)
  }
  assert.throws(() => readTarget('ARGS|TX', place), { code: 'syntax', place })
})

test('a variable that is printed reads as itself', () => {
  const bytes = fc.string({
    unit: fc.oneof(
      fc.constantFrom('/', '\\', "'", '|', ',', ' ', 'A', '"', ':'),
      fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    ),
    minLength: 1,
  })
  // A name that looks like a pattern cannot be written in SecLang.
  const names = bytes.filter((text) => !(text.length > 1 && text.startsWith('/') && text.endsWith('/')))
  const selector = fc.oneof(fc.constant(null), names.map(name), bytes.map(pattern))
  const sign = fc.constantFrom(
    { count: false, except: false },
    { count: true, except: false },
    { count: false, except: true },
  )
  const targets = fc.oneof(
    fc.record({ variable: fc.constantFrom(...SINGLES), selector: fc.constant(null) }),
    fc.record({ variable: fc.constantFrom(...COLLECTIONS.filter((name) => name !== 'XML')), selector }),
    fc.record({
      variable: fc.constant('XML' as const),
      selector: bytes.map((path) => ({ kind: 'xpath' as const, path })),
    }),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(targets, sign), { minLength: 1, maxLength: 4 }), (list) => {
      const written = list.map(([target, sign]) => ({ ...target, ...sign }))
      assert.deepEqual(readTargets(written.map(targetText).join('|'), place), written)
    }),
    { numRuns: 1000 },
  )
})
