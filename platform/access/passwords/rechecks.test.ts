import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fakeClock } from '../../kernel/clock.ts'
import type { RangeVerdict } from './range-query.ts'
import { openRechecks, type Rechecked } from './rechecks.ts'

function queue(online = true) {
  const clock = fakeClock()
  let verdict: RangeVerdict = 'unknown'
  const rechecks = openRechecks({ online, askAgain: async () => verdict }, clock)
  const add = (account: string, passwordHash = 'hash'): Buffer => {
    const sha1 = Buffer.alloc(20, 7)
    rechecks.add({ account, passwordHash, sha1 })
    return sha1
  }
  const retry = async (): Promise<Rechecked[]> => {
    const answered: Rechecked[] = []
    await rechecks.retry(async (one) => void answered.push(one))
    return answered
  }
  return {
    clock,
    rechecks,
    add,
    retry,
    says: (next: RangeVerdict): void => {
      verdict = next
    },
  }
}

suite('passwords that the service is still to be asked about', () => {
  test('policy 3.3-c: they wait until the service answers, and what is left of them is wiped', async () => {
    const { rechecks, add, retry, says } = queue()
    const sha1 = add('one')
    add('two')
    assert.deepEqual(await retry(), [])
    assert.equal(rechecks.waiting, 2)
    says('listed')
    assert.deepEqual(
      (await retry()).map(({ account, breached }) => [account, breached]),
      [
        ['one', true],
        ['two', true],
      ],
    )
    assert.equal(rechecks.waiting, 0)
    assert.deepEqual(sha1, Buffer.alloc(20))
  })

  test('policy 3.3-c: none waits longer than 7 days, of 1,001 the oldest is dropped, and a new password replaces the old one', async () => {
    const { clock, rechecks, add, retry, says } = queue()
    add('one')
    clock.advanceSeconds(7 * 86_400)
    says('not-listed')
    assert.deepEqual(await retry(), [])
    assert.equal(rechecks.waiting, 0)
    for (let at = 0; at < 1001; at += 1) add(`account ${at}`)
    add('account 1000', 'another hash')
    assert.equal(rechecks.waiting, 1000)
    const answered = await retry()
    assert.equal(answered.length, 1000)
    assert.equal(
      answered.some(({ account }) => account === 'account 0'),
      false,
    )
    assert.equal(answered.at(-1)?.passwordHash, 'another hash')
  })

  test('policy 3.3-c: without a service nothing waits', () => {
    const { rechecks, add } = queue(false)
    add('one')
    assert.equal(rechecks.waiting, 0)
  })
})
