import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TRANSFORMATIONS } from '../names.ts'
import { transformations } from '../transform/index.ts'
import { createChains, reach, reachOfStages, stages } from './chain.ts'
import { GATES, kindsOf } from './kinds.ts'
import { SharedValues, Values } from './value.ts'

const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCodePoint(byte)) })
const fragments = fc.constantFrom(
  ...'%41|%u0041|&lt;|\\x41|/*|*/|--| |  |\t|A|é|Ã©|/../|\\|"|^|;|+|a|7|\0'.split('|'),
)
const text = fc.array(fc.oneof(fragments, bytes), { maxLength: 6 }).map((parts) => parts.join(''))
const gated = fc.array(fc.constantFrom(...TRANSFORMATIONS.filter((name) => GATES[name] !== undefined)), {
  maxLength: 4,
})
const some = fc.array(fc.constantFrom(...TRANSFORMATIONS), { maxLength: 4 })

test('every byte is of one kind, and bytes that transformations act on are of no other', () => {
  for (let byte = 0; byte < 256; byte++) {
    const kind = kindsOf(String.fromCodePoint(byte))
    assert.ok(kind > 0 && (kind & (kind - 1)) === 0)
  }
})

test('a text after its transformations holds no kind of bytes that was not foreseen', () => {
  fc.assert(
    fc.property(fc.oneof(gated, some), text, fc.nat(0x7fff_ffff), (names, raw, more) => {
      const chain = createChains(transformations).of(names)
      const values = new Values(new SharedValues(0))
      for (const kinds of [kindsOf(raw), kindsOf(raw) | more]) {
        for (const stage of stages(values, values.of(raw), chain)) {
          assert.equal(stage.kinds & ~reachOfStages(chain, kinds), 0)
        }
        const last = stages(values, values.of(raw), chain).at(-1)
        assert.equal((last?.kinds ?? 0) & ~reach(chain, kinds), 0)
      }
    }),
    { numRuns: 2000 },
  )
})
