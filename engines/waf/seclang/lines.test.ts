import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WafError } from '../waf-error.ts'
import { readLines } from './lines.ts'
import { quoteText, splitWords } from './words.ts'

const place = { file: 'sample.conf', line: 1 }
const read = (text: string) =>
  readLines({ name: 'sample.conf', text }).map(({ text, place }) => [place.line, text])

test('continued lines are one directive that stands where it begins', () => {
  assert.deepEqual(read('SecRule ARGS \\\n  "@rx a" \\\r\n  "id:1"\r\n\n# no\nSecMarker A'), [
    [1, 'SecRule ARGS   "@rx a"   "id:1"'],
    [6, 'SecMarker A'],
  ])
})

test('a comment goes on over its backslashes, and takes no directive with it', () => {
  assert.deepEqual(read('# one \\\n  "two"\nSecMarker A'), [[3, 'SecMarker A']])
  assert.deepEqual(read('#SecAction \\\n#  "id:1,\\\n#  pass"\nSecMarker A'), [[4, 'SecMarker A']])
  assert.throws(() => read('# one \\\nSecMarker A'), { code: 'syntax' })
})

test('a byte order mark is left out, and bytes beyond ASCII are kept to the last', () => {
  assert.deepEqual(read('\u00EF\u00BB\u00BFSecMarker \u00C3\u00A0'), [[1, 'SecMarker \u00C3\u00A0']])
  assert.deepEqual(splitWords('a\u00C3\u00A0 b', place), ['a\u00C3\u00A0', 'b'])
})

test('a NUL byte and an unfinished last line are refused', () => {
  assert.throws(() => read('SecMarker A\nSecMarker \0'), {
    code: 'syntax',
    place: { file: 'sample.conf', line: 2 },
  })
  assert.throws(() => read('SecMarker A\\'), { code: 'syntax' })
})

test('words are quoted as in the configuration of Apache', () => {
  assert.deepEqual(splitWords(String.raw`ARGS "@rx \"a\\\\b\d" 'x y'`, place), [
    'ARGS',
    String.raw`@rx "a\\b\d`,
    'x y',
  ])
  assert.deepEqual(splitWords(String.raw`TX:'/a b/' ARGS:/\w\\/`, place), [
    `TX:'/a b/'`,
    String.raw`ARGS:/\w\/`,
  ])
  for (const text of ['"a', "'a", String.raw`"a\"`, '"a"b']) {
    assert.throws(() => splitWords(text, place), { code: 'syntax' })
  }
})

test('a text in quotes reads as itself', () => {
  const bytes = fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)) })
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes, fc.constantFrom('"' as const, "'" as const))), (words) => {
      const text = words.map(([word, quote]) => quoteText(word, quote)).join(' ')
      assert.deepEqual(
        splitWords(text, place),
        words.map(([word]) => word),
      )
    }),
  )
})

test('any text is split or refused with its place', () => {
  const tricky = fc.string({ unit: fc.constantFrom('"', "'", '\\', ' ', ':', 'a', '\n', '#', '\0', '\r') })
  fc.assert(
    fc.property(tricky, (text) => {
      try {
        for (const line of readLines({ name: 'sample.conf', text })) splitWords(line.text, line.place)
      } catch (error) {
        assert.ok(error instanceof WafError && error.code === 'syntax' && error.place !== undefined)
      }
    }),
  )
})
