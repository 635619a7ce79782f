import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atOnce, besides, type Steps } from './in-steps.ts'

function* busy(milliseconds: number, steps: number): Steps<string> {
  for (let step = 0; step < steps; step += 1) {
    const from = performance.now()
    while (performance.now() - from < milliseconds);
    yield
  }
  return 'done'
}

test('policy 4.1-d: trying an exclusion out leaves everything else its turns', async () => {
  let turns = 0
  const ticking = setInterval(() => (turns += 1), 1)
  assert.equal(await besides(busy(12, 10)), 'done')
  clearInterval(ticking)
  assert.ok(turns >= 5, `${turns} turns`)
  assert.equal(atOnce(busy(0, 3)), 'done')
})
