import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TRANSFORMATIONS } from '../names.ts'
import { transformations } from '../transform/index.ts'
import { createChains, derive, stages } from './chain.ts'
import { GATES } from './kinds.ts'
import { SharedValues, Value, Values } from './value.ts'

const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCodePoint(byte)) })
const fragments = fc.constantFrom(
  '%41',
  '&lt;',
  '\\x41',
  '/*',
  '*/',
  '--',
  ' ',
  '\t',
  'A',
  'é',
  '/../',
  '"',
  '^',
  ';',
  '+',
)
const text = fc.array(fc.oneof(fragments, bytes), { maxLength: 8 }).map((parts) => parts.join(''))

test('a text without any byte of a gate is not changed by its transformation', () => {
  for (const [name, gate] of Object.entries(GATES)) {
    const transform = TRANSFORMATIONS.find((known) => known === name)
    assert.ok(transform !== undefined, name)
    fc.assert(
      fc.property(text, (value) => {
        const bare = value.replace(/[\s\S]/g, (byte) => (gate.includes(byte) ? '' : byte))
        assert.equal(transformations[transform](bare), bare)
      }),
      { numRuns: 300 },
    )
  }
})

test('a chain gives what its transformations give one after the other, however it is shared', () => {
  const names = fc.array(fc.constantFrom(...TRANSFORMATIONS), { maxLength: 5 })
  const chains = createChains(transformations)
  fc.assert(
    fc.property(fc.array(names, { minLength: 1, maxLength: 6 }), text, (lists, raw) => {
      const values = new Values(new SharedValues(0))
      for (const list of lists) {
        const expected = list.reduce((value, name) => transformations[name](value), raw)
        assert.equal(derive(values, values.of(raw), chains.of(list)).text, expected)
      }
    }),
    { numRuns: 500 },
  )
})

test('the stages of a chain are the text and each change of it', () => {
  const chain = createChains(transformations).of(['urlDecode', 'lowercase', 'trim'])
  const found = stages(new Values(new SharedValues(0)), new Value('%41'), chain)
  assert.deepEqual(
    found.map((value) => value.text),
    ['%41', 'A', 'a'],
  )
})
