import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { fakeClock } from '../../kernel/clock.ts'
import { addressPrefix, openThrottle } from './throttle.ts'

suite('throttle of attempts', () => {
  test('twenty at once, then one every three seconds', () => {
    const clock = fakeClock()
    const throttle = openThrottle(clock)
    const take = (): boolean => {
      try {
        throttle.take('one')
        return true
      } catch {
        return false
      }
    }
    assert.deepEqual(Array.from({ length: 22 }, take).filter(Boolean).length, 20)
    clock.advanceSeconds(2.9)
    assert.equal(take(), false)
    clock.advanceSeconds(0.1)
    assert.deepEqual([take(), take()], [true, false])
    throttle.take('another')
  })

  test('addresses of one subscriber share a prefix, others do not', () => {
    assert.equal(addressPrefix('192.0.2.7'), addressPrefix('192.0.2.250'))
    assert.notEqual(addressPrefix('192.0.2.7'), addressPrefix('192.0.3.7'))
    assert.equal(addressPrefix('::ffff:192.0.2.7'), addressPrefix('192.0.2.8'))
    assert.equal(addressPrefix('2001:DB8:1:2ff::1'), addressPrefix('2001:db8:1:2ff:9:9:9:9'))
    assert.notEqual(addressPrefix('2001:db8:1:200::1'), addressPrefix('2001:db8:1:201::1'))
    assert.equal(addressPrefix('::1'), addressPrefix('::2'))
  })

  test('no address throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV6(), fc.ipV4()), (ip) => void addressPrefix(ip)))
  })
})
