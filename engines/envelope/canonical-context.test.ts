import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalContext } from './canonical-context.ts'
import { EnvelopeError } from './envelope-error.ts'

const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => value.isWellFormed())
const parts = fc.array(text, { maxLength: 6 })

test('two lists of parts share an encoding only when they are the same list', () => {
  fc.assert(
    fc.property(parts, parts, (left, right) => {
      const same = JSON.stringify(left) === JSON.stringify(right)
      assert.equal(canonicalContext(left).equals(canonicalContext(right)), same)
    }),
    { numRuns: 1_000 },
  )
})

test('bytes shifted from one part into its neighbour give another encoding', () => {
  fc.assert(
    fc.property(text, text, fc.nat(), (left, right, cut) => {
      const joined = left + right
      const at = cut % (joined.length + 1)
      fc.pre(at !== left.length && joined.slice(0, at).isWellFormed() && joined.slice(at).isWellFormed())
      const shifted = canonicalContext([joined.slice(0, at), joined.slice(at)])
      assert.notDeepEqual(shifted, canonicalContext([left, right]))
    }),
  )
})

test('the encoding is a count, then each part behind its length', () => {
  assert.equal(
    canonicalContext(['é', '', Buffer.of(0xff)]).toString('hex'),
    '00000003_00000002c3a9_00000000_00000001ff'.replaceAll('_', ''),
  )
})

test('a lone surrogate and an overlong part are refused', () => {
  assert.throws(() => canonicalContext(['\ud800']), new EnvelopeError('invalid-context'))
  assert.throws(() => canonicalContext(['a'.repeat(4097)]), new EnvelopeError('invalid-context'))
  assert.equal(canonicalContext(['a'.repeat(4096)]).length, 4 + 4 + 4096)
})
