import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTogether } from './read-together.ts'

test('reads at once travel together, each gets its own row, and a failure reaches everybody who waited for it', async () => {
  const sent: (readonly string[])[] = []
  let broken = false
  const read = readTogether(
    (keys) => {
      sent.push(keys)
      if (broken) return Promise.reject(new Error('the database is away'))
      return Promise.resolve(new Map(keys.filter((key) => key !== 'x').map((key) => [key, `row ${key}`])))
    },
    { atOnceMax: 1, keysMax: 3 },
  )
  assert.deepEqual(await Promise.all(['a', 'b', 'x', 'a', 'c'].map(read)), [
    'row a',
    'row b',
    undefined,
    'row a',
    'row c',
  ])
  assert.deepEqual(sent, [
    ['a', 'b', 'x'],
    ['a', 'c'],
  ])
  broken = true
  const outcomes = await Promise.allSettled(['a', 'b'].map(read))
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  broken = false
  assert.equal(await read('d'), 'row d')
})

test('a read never joins a statement that was sent before it was asked for', async () => {
  const first = Promise.withResolvers<Map<string, number>>()
  let statements = 0
  const read = readTogether<number>(
    (keys) => {
      statements += 1
      return statements === 1 ? first.promise : Promise.resolve(new Map(keys.map((key) => [key, statements])))
    },
    { atOnceMax: 1 },
  )
  const early = read('a')
  await Promise.resolve()
  const late = read('a')
  first.resolve(new Map([['a', 1]]))
  assert.deepEqual([await early, await late], [1, 2])
})
