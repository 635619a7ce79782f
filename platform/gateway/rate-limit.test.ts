import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeClock } from '../kernel/clock.ts'
import { addressBytes, clientNetwork, clientSite } from './client-network.ts'
import { changingPolicy } from './policy.fixture.ts'
import { openRateLimiter, rateHeaders } from './rate-limit.ts'
import { networkWants } from './rates.ts'

test('policy 4.3-a.1: no 60 seconds, wherever they begin, hold more than the limit', async () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 1, max: 12 })), {
    maxLength: 60,
  })
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 20 }), async (pauses, limit) => {
      const clock = fakeClock()
      const limiter = openRateLimiter(clock)
      const served: number[] = []
      for (const [pauseMs, tries] of pauses) {
        clock.advanceSeconds(pauseMs / 1000)
        for (let index = 0; index < tries; index += 1)
          if ((await limiter.take('api', 'one', limit)).allowed) served.push(clock.now().getTime())
      }
      for (const from of served)
        assert.ok(served.filter((at) => at >= from && at < from + 60_000).length <= limit)
    }),
    { numRuns: 60 },
  )
})

test('a refused client that waits as long as it was told is served', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      async (pauses, lower) => {
        const clock = fakeClock()
        const limiter = openRateLimiter(clock)
        for (const pause of pauses) {
          clock.advanceSeconds(pause)
          await limiter.take('api', 'one', 8)
        }
        const verdict = await limiter.take('api', 'one', lower)
        if (verdict.allowed) return
        clock.advanceSeconds(verdict.resetSeconds)
        assert.ok((await limiter.take('api', 'one', lower)).allowed)
      },
    ),
  )
})

test('a clock that is set back frees nothing', async () => {
  const clock = fakeClock()
  const limiter = openRateLimiter(clock)
  await limiter.take('api', 'one', 1)
  clock.advanceSeconds(-3600)
  assert.equal((await limiter.take('api', 'one', 1)).allowed, false)
})

test('no more clients are remembered than told, the busy ones longest', async () => {
  const limiter = openRateLimiter(fakeClock(), 10)
  await limiter.take('api', 'busy', 2)
  for (let index = 0; index < 50; index += 1) {
    await limiter.take('api', `stranger ${index}`, 5)
    if (index % 5 === 0) await limiter.take('api', 'busy', 2)
  }
  assert.equal((await limiter.take('api', 'busy', 2)).allowed, false)
  assert.equal((await limiter.take('api', 'stranger 0', 1)).allowed, true)
})

test('budgets are apart, and a refusal says when to come back', async () => {
  const limiter = openRateLimiter(fakeClock())
  await limiter.take('sign-in', 'one', 1)
  const refused = await limiter.take('sign-in', 'one', 1)
  assert.equal(rateHeaders('sign-in', refused)['retry-after'], '61')
  assert.equal((await limiter.take('api', 'one', 1)).allowed, true)
})

test('anonymous clients are counted by network', () => {
  assert.equal(clientNetwork('203.0.113.7'), '203.0.113/24')
  assert.equal(clientNetwork('::ffff:203.0.113.9'), '203.0.113/24')
  assert.equal(clientNetwork('::ffff:cb00:7109'), '203.0.113/24')
  assert.equal(clientNetwork('2001:db8:1:2:3:4:5:6'), '20010db800010002/64')
  assert.equal(clientNetwork('2001:db8:1:2::1%eth0'), '20010db800010002/64')
  assert.equal(clientNetwork('::1'), '0000000000000000/64')
  assert.equal(clientNetwork(''), 'unknown')
  assert.equal(clientSite('2001:db8:1:2:3:4:5:6'), '20010db80001/48')
  assert.equal(clientSite('::ffff:203.0.113.9'), '203.0.113/24')
  assert.equal(clientSite(''), 'unknown')
})

test('an address has 4 or 16 bytes, however it is written', () => {
  fc.assert(fc.property(fc.ipV4(), (address) => assert.equal(addressBytes(address).length, 4)))
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const bytes = addressBytes(address)
      assert.equal(bytes.length, 16)
      const groups = Array.from({ length: 8 }, (_, index) =>
        (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
      )
      assert.deepEqual(addressBytes(groups.join(':')), bytes)
      assert.equal(
        new URL(`http://[${address}]/`).hostname,
        new URL(`http://[${groups.join(':')}]/`).hostname,
      )
    }),
  )
})

test('policy 4.1-d: whoever changes networks inside of an IPv6 site is counted all the same', async () => {
  const { reader, publish } = changingPolicy()
  publish({ 'rate.network': 60 })
  const limiter = openRateLimiter(fakeClock())
  const served = async (ip: string): Promise<boolean> =>
    (await limiter.takeEach(networkWants(reader, ip))).refusedBy === null
  let count = 0
  for (let network = 0; network < 1000; network += 1)
    if (await served(`2001:db8:1:${network.toString(16)}::1`)) count += 1
  assert.equal(count, 240)
  assert.equal(await served('2001:db8:2::1'), true, 'another site is none the worse')
  assert.equal(await served('192.0.2.1'), true)
})
