import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { age, bytesText, columns, facts, many, span, wrap } from './plain-text.ts'

const now = new Date('2026-01-30T12:00:00Z')
const ago = (seconds: number): string => new Date(now.getTime() - seconds * 1000).toISOString()

test('ages are in the unit that says most', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, 'now'],
    [59, '59 s ago'],
    [119, '119 s ago'],
    [120, '2 min ago'],
    [3 * 3600, '3 h ago'],
    [49 * 3600, '2 d ago'],
    [-90, 'in 90 s'],
    [-86_400, 'in 24 h'],
  ]
  for (const [seconds, text] of cases) assert.equal(age(ago(seconds), now), text)
  assert.equal(age(null, now), 'never')
  assert.equal(span(0.4), '0 s')
})

test('columns stand under each other whatever is in them', () => {
  const cell = fc.string({ maxLength: 12 }).map((text) => `x${text.replaceAll(/\s/g, '')}`)
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 }), (rows) => {
      const lines = columns(rows)
      const widest = Math.max(...rows.map(([first]) => first.length))
      for (const [at, [first, second]] of rows.entries())
        assert.equal(lines[at], `${first.padEnd(widest)}  ${second}`)
    }),
  )
})

test('wrapping keeps every word in order and no line is too long', () => {
  const word = fc.string({ minLength: 1, maxLength: 10 }).filter((text) => /^\S+$/.test(text))
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), fc.integer({ min: 12, max: 60 }), (words, width) => {
      const lines = wrap(words.join(' '), width)
      assert.equal(lines.join(' '), words.join(' '))
      assert.ok(lines.every((line) => line.length <= width))
    }),
  )
})

test('facts are wrapped beside their names', () => {
  assert.deepEqual(
    facts(
      [
        ['Name', 'one two three'],
        ['X', 'four'],
      ],
      14,
    ),
    ['Name  one two', '      three', 'X     four'],
  )
})

test('amounts', () => {
  assert.deepEqual([many(1, 'row'), many(0, 'row'), many(7, 'row')], ['1 row', '0 rows', '7 rows'])
  assert.deepEqual([0, 999, 1000, 1_234_567, 5e12, 5e15].map(bytesText), [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.2 MB',
    '5.0 TB',
    '5000.0 TB',
  ])
})
