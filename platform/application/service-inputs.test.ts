import assert from 'node:assert/strict'
import { test } from 'node:test'
import { malformedAtService } from './service-inputs.ts'

test('policy 5.3-a: a service that refuses everything malformed is sound, one that takes or breaks is not', async () => {
  const answering = (status: (body: string) => number) => (_path: string, body: string) =>
    Promise.resolve(new Response(null, { status: status(body) }))
  const sound = await malformedAtService(answering(() => 422))
  assert.deepEqual(sound, { sent: 32, faults: [] })
  const careless = await malformedAtService(answering((body) => (body.includes('nobody') ? 200 : 422)))
  assert.deepEqual(
    [careless.faults.length, careless.faults[0]],
    [4, 'POST /inbox/rules took an unknown field'],
  )
  const fragile = await malformedAtService(answering((body) => (body === 'null' ? 500 : 400)))
  assert.match(fragile.faults[0] ?? '', /answered 500 to nothing/)
})
