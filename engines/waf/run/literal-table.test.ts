import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diceOf, type Dice } from '../regex/random.fixture.ts'
import { START } from '../operators/operator.ts'
import { createLiteralTable } from './literal-table.ts'

const letter = fc.constantFrom('a', 'e', 'A', 'B', '/', '\0', '\xFF')
const word = (lengths: fc.StringConstraints) => fc.string({ unit: letter, ...lengths })

test('a table finds exactly the literals that stand in a text, whatever the case of its letters', () => {
  const literals = fc.uniqueArray(
    fc
      .tuple(fc.boolean(), word({ minLength: 1, maxLength: 9 }))
      .map(([atStart, text]) => (atStart ? START : '') + text.toLowerCase()),
    { maxLength: 30 },
  )
  fc.assert(
    fc.property(literals, fc.array(word({ maxLength: 40 }), { maxLength: 4 }), (wanted, texts) => {
      const table = createLiteralTable(wanted)
      for (const text of texts) {
        const expected = wanted.flatMap((literal, number) =>
          (START + text.toLowerCase()).includes(literal) ? [number] : [],
        )
        assert.deepEqual(
          table.find(text).toSorted((left, right) => left - right),
          expected,
        )
      }
    }),
    { numRuns: 500 },
  )
})

test('nul bytes and the very start of a text hold no literal that is not there', () => {
  const table = createLiteralTable(['\0\0', '\0\0\0', 'ab'])
  assert.deepEqual(table.find('\0'), [])
  assert.deepEqual(table.find('\0\0'), [0])
  assert.deepEqual(table.find('b'), [])
})

test('long words of common letters are found wherever they stand, in tables of many literals too', () => {
  const wanted = Array.from({ length: 700 }, (_, index) => index.toString(3).padStart(9, '2'))
  const literals = [
    ...new Set(wanted.map((digits) => digits.replace(/[012]/g, (digit) => 'eat'[Number(digit)] ?? ''))),
  ]
  const table = createLiteralTable(literals)
  for (let before = 0; before < 8; before++) {
    for (let number = 0; number < literals.length; number += 37) {
      const text = `${'s'.repeat(before)}${literals[number]?.toUpperCase()}${'s'.repeat(before % 3)}`
      const expected = literals.flatMap((literal, at) => (text.toLowerCase().includes(literal) ? [at] : []))
      assert.deepEqual(
        table.find(text).toSorted((a, b) => a - b),
        expected,
      )
    }
  }
})

test('texts that meet more places of literals than are kept in mind find the same', () => {
  const dice = diceOf(5)
  const literals = [...new Set(Array.from({ length: 3_000 }, () => randomWord(dice)))]
  const table = createLiteralTable(literals)
  for (let round = 0; round < 2; round++) {
    for (let from = 0; from < literals.length; from += 300) {
      const part = literals.slice(from, from + 300)
      const found = new Set(table.find(part.join('')))
      for (let number = from; number < from + part.length; number++) assert.ok(found.has(number))
    }
  }
  assert.deepEqual(
    literals.flatMap((literal, number) => (literals[7]?.includes(literal) === true ? [number] : [])),
    table.find(literals[7] ?? '').toSorted((left, right) => left - right),
  )
})

function randomWord(dice: Dice): string {
  return Array.from({ length: 2 + dice(8) }, () => String.fromCodePoint(97 + dice(26))).join('')
}
