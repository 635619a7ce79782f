import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figureLine, keepsLimit, percentile, type Figure } from './figure.ts'

const within: Figure = { what: 'answer', ours: 40, unit: 'ms', beside: { kind: 'limit', value: 50 } }

test('a figure over its limit is seen and said', () => {
  assert.ok(keepsLimit(within))
  assert.match(figureLine(within), /limit 50\.0, ratio 0\.80$/)
  const over = { ...within, ours: 50.1 }
  assert.ok(!keepsLimit(over))
  assert.match(figureLine(over), /OVER THE LIMIT/)
})

test('a peer stands beside and sets no limit', () => {
  const figure: Figure = { ...within, ours: 900, beside: { kind: 'peer', name: 'plain', value: 300 } }
  assert.ok(keepsLimit(figure))
  assert.match(figureLine(figure), /plain 300, ratio 3\.00$/)
})

test('percentiles are values that were measured', () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at)
  assert.deepEqual(
    [0, 0.5, 0.95, 1].map((share) => percentile(values, share)),
    [1, 50, 95, 100],
  )
  assert.equal(percentile([7], 0.95), 7)
  assert.throws(() => percentile([], 0.5))
})
