import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyBytes, millisecondsOf, piecesOf, utf8 } from './bytes.fixture.ts'
import { readJson } from './json.ts'
import type { Pair } from './pairs.ts'

const limits = { depthMax: 512, argumentsMax: 100_000 }

/** The leaves of a value that JSON.parse gave, named as the reference names them. */
function leaves(value: unknown, path: string): readonly Pair[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, `${path}.array_${index}`))
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, item]) =>
      leaves(item, `${path}.${key === '' ? 'empty-key' : utf8(key)}`),
    )
  return [[path, value === null ? '' : utf8(typeof value === 'string' ? value : JSON.stringify(value))]]
}

test('a document that JSON.parse takes has the same leaves', () => {
  const value = fc
    .jsonValue({ maxDepth: 4 })
    .filter((made) => !/e[+-]|\.|-0|__proto__/.test(JSON.stringify(made)))
  fc.assert(
    fc.property(value, fc.constantFrom(0, 2), (made, space) => {
      const read = readJson(utf8(JSON.stringify(made, null, space)), limits)
      assert.equal(read.error, null)
      assert.deepEqual(read.pairs, leaves(JSON.parse(JSON.stringify(made)), 'json'))
    }),
  )
})

test('what JSON.parse refuses is refused, and the other way round', () => {
  const text = piecesOf(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\u00e9',
    '\\',
    '1',
    '-',
    '.5',
    'e1',
    'true',
    'null',
    ' ',
  )
  fc.assert(
    fc.property(text, (made) => {
      if (made.trim() === '') return
      let accepted = true
      try {
        JSON.parse(Buffer.from(made, 'latin1').toString())
      } catch {
        accepted = false
      }
      assert.equal(readJson(made, limits).error === null, accepted, made)
    }),
    { numRuns: 3000 },
  )
})

test('any bytes are read or refused, never thrown at', () => {
  fc.assert(fc.property(anyBytes, (text) => void readJson(text, limits)))
})

test('numbers stay as written, keys that come again all count, NaN is refused', () => {
  assert.deepEqual(readJson('{"a":1.50e300,"a":12345678901234567890}', limits).pairs, [
    ['json.a', '1.50e300'],
    ['json.a', '12345678901234567890'],
  ])
  for (const text of ['NaN', '[Infinity]', '{"a":01}', "{'a':1}", '{"a":1,}', '[1] 2', '"\xff"', '"a\nb"'])
    assert.match(readJson(text, limits).error ?? '', /^JSON parsing error: /, text)
})

test('what stood before an error was read', () => {
  const read = readJson('{"a":"x","b":', limits)
  assert.deepEqual(read.pairs, [['json.a', 'x']])
  assert.match(read.error ?? '', /premature end/)
})

test('a half of a surrogate pair is a question mark', () => {
  assert.deepEqual(
    readJson('["\\ud83d\\ude00","\\ud83d","\\ude00x","\\ud83d\\u0041"]', limits).pairs.map(
      ([, value]) => value,
    ),
    [utf8('😀'), '?', '?x', '?A'],
  )
})

test('64 KB of nesting, and long names over many leaves, are refused in little time', () => {
  for (const text of ['['.repeat(65_536), '{"a":'.repeat(13_000), `${'['.repeat(500)}${']'.repeat(500)}x`])
    assert.ok(millisecondsOf(() => assert.notEqual(readJson(text, limits).error, null)) < 200)
  const long = `{"${'k'.repeat(500_000)}":[${'1,'.repeat(90_000)}1]}`
  assert.ok(millisecondsOf(() => assert.match(readJson(long, limits).error ?? '', /names/)) < 500)
})

test('leaves over the limit are left out and said to be', () => {
  const read = readJson('[1,2,3]', { depthMax: 10, argumentsMax: 2 })
  assert.deepEqual([read.pairs.length, read.overflow, read.error], [2, true, null])
})
