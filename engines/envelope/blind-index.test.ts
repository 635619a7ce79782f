import assert from 'node:assert/strict'
import { createHmac, createSecretKey, hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { blindIndex } from './blind-index.ts'
import { canonicalContext } from './canonical-context.ts'
import { EnvelopeError } from './envelope-error.ts'
import { generateDataKey } from './keys.ts'

const key = generateDataKey()
const scope = { tenant: 'tenant-1', purpose: 'contact.phone' }
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })

test('equal values have equal indexes of 32 bytes, different values different ones', () => {
  const index = blindIndex(key, scope)
  fc.assert(
    fc.property(name, name, (left, right) => {
      assert.equal(index(left).length, 32)
      assert.deepEqual(index(left), blindIndex(key, scope)(Buffer.from(left)))
      assert.equal(index(left).equals(index(right)), left === right)
    }),
  )
})

test('the same value has unrelated indexes under another tenant, purpose or key', () => {
  fc.assert(
    fc.property(fc.record({ tenant: name, purpose: name }), (other) => {
      fc.pre(other.tenant !== scope.tenant || other.purpose !== scope.purpose)
      assert.notDeepEqual(blindIndex(key, other)('sample'), blindIndex(key, scope)('sample'))
    }),
  )
  assert.notDeepEqual(blindIndex(generateDataKey(), scope)('sample'), blindIndex(key, scope)('sample'))
})

test('characters moved between tenant and purpose give another index', () => {
  const left = blindIndex(key, { tenant: 'ab', purpose: 'c' })
  const right = blindIndex(key, { tenant: 'a', purpose: 'bc' })
  assert.notDeepEqual(left('sample'), right('sample'))
})

test('an index is what the README says, computed here without this engine', () => {
  const raw = Buffer.alloc(32, 9)
  const info = canonicalContext(['surety.envelope/blind-index/1', scope.tenant, scope.purpose])
  const derived = Buffer.from(hkdfSync('sha256', raw, '', info, 32))
  const expected = createHmac('sha256', derived).update('sample').digest()
  assert.deepEqual(blindIndex(createSecretKey(raw), scope)('sample'), expected)
  assert.equal(expected.toString('hex'), 'aa2100662d9b8c323aad3dab6570069476cc6a600746365d00453af4d424b091')
})

test('ill-formed text, empty scopes and overlong scopes are refused', () => {
  assert.throws(() => blindIndex(key, scope)('\ud800'), new EnvelopeError('invalid-text'))
  for (const purpose of ['', 'p'.repeat(256)]) {
    assert.throws(() => blindIndex(key, { ...scope, purpose }), new EnvelopeError('invalid-context'))
  }
  const longest = blindIndex(key, { tenant: 't'.repeat(255), purpose: 'p'.repeat(255) })
  assert.equal(longest('sample').length, 32)
})
