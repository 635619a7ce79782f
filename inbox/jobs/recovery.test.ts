import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRecovery } from './recovery.ts'

test('what was left behind is worked on at the start, and again after trouble, never twice at once', async () => {
  const calls: (() => void)[] = []
  const recovery = openRecovery(() => new Promise((resolve) => calls.push(() => resolve(true))), {
    warn: () => assert.fail('nothing failed'),
  })
  recovery.begin()
  recovery.wanted()
  recovery.begin()
  assert.equal(calls.length, 1, 'one is under way')
  calls[0]?.()
  await recovery.ended()
  recovery.begin()
  assert.equal(calls.length, 2, 'trouble came meanwhile')
  calls[1]?.()
  await recovery.ended()
  recovery.begin()
  assert.equal(calls.length, 2, 'nothing is left')
})

test('what did not get through is tried later and later until it does', async () => {
  const answers: (boolean | Error)[] = [false, new Error('away'), false, true]
  const told: string[] = []
  const recovery = openRecovery(
    () => {
      const answer = answers.shift() ?? assert.fail('it got through')
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
    { warn: (_record, message) => void told.push(message) },
  )
  const begun: number[] = []
  for (let call = 0; call < 30; call++) {
    const { length } = answers
    recovery.begin()
    await recovery.ended()
    if (answers.length < length) begun.push(call)
  }
  assert.deepEqual(begun, [0, 2, 5, 10])
  assert.deepEqual(told, ['what was left behind waits'])
})
