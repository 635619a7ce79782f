import assert from 'node:assert/strict'
import { createPublicKey, createSecretKey, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalContext } from './canonical-context.ts'
import { EnvelopeError, type EnvelopeErrorCode } from './envelope-error.ts'
import { generateDataKey, keyFingerprint, rootKey } from './keys.ts'
import { describeWrappedKey, rewrapKey, unwrapKey, wrapKey, type KeyLabel } from './wrapped-key.ts'
import { xaes } from './xaes.ts'

const root = generateDataKey()
const otherRoot = generateDataKey()
const key = generateDataKey()
const label: KeyLabel = { tenant: 'tenant-1', purpose: 'data', version: 3 }

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const labels = fc.record({ tenant: name, purpose: name, version: fc.integer({ min: 1, max: 2 ** 32 - 1 }) })

function refuses(attempt: () => unknown, code: EnvelopeErrorCode) {
  assert.throws(attempt, new EnvelopeError(code))
}

test('policy 2.3-a.2: a key wrapped for any label is unwrapped with that label, and shows no key byte', () => {
  fc.assert(
    fc.property(labels, (at) => {
      const wrapped = wrapKey(root, at, key)
      assert.ok(unwrapKey(root, at, wrapped).equals(key))
      assert.equal(wrapped.indexOf(key.export()), -1)
      assert.deepEqual(describeWrappedKey(wrapped), {
        ...at,
        rootFingerprint: keyFingerprint(root),
        keyFingerprint: keyFingerprint(key),
      })
    }),
  )
})

test('policy 2.3-b: another root, tenant, purpose or version unwraps nothing', () => {
  const wrapped = wrapKey(root, label, key)
  refuses(() => unwrapKey(otherRoot, label, wrapped), 'wrong-key')
  refuses(() => unwrapKey(root, { ...label, tenant: 'tenant-2' }, wrapped), 'wrong-context')
  refuses(() => unwrapKey(root, { ...label, purpose: 'index' }, wrapped), 'wrong-context')
  refuses(() => unwrapKey(root, { ...label, version: 4 }, wrapped), 'wrong-context')
})

test('characters moved between tenant and purpose are refused', () => {
  const wrapped = wrapKey(root, { ...label, tenant: 'ab', purpose: 'cd' }, key)
  refuses(() => unwrapKey(root, { ...label, tenant: 'abc', purpose: 'd' }, wrapped), 'wrong-context')
})

test('a label rewritten inside the wrapped key is refused', () => {
  const wrapped = wrapKey(root, label, key)
  wrapped.writeUInt32BE(4, 68)
  refuses(() => unwrapKey(root, { ...label, version: 4 }, wrapped), 'not-authentic')
})

test('a root fingerprint rewritten inside the wrapped key is refused', () => {
  const wrapped = wrapKey(root, label, key)
  wrapped.set(Buffer.from(keyFingerprint(otherRoot), 'hex'), 4)
  refuses(() => unwrapKey(otherRoot, label, wrapped), 'not-authentic')
})

test('a wrapped key is what the README says, byte by byte, put together here', () => {
  assert.ok(unwrapKey(root, label, byHand(key, key)).equals(key))
})

test('a wrapped key that holds another key than its fingerprint names is refused', () => {
  refuses(() => unwrapKey(root, label, byHand(key, otherRoot)), 'not-authentic')
})

test('policy 2.3-a.2: every single flipped bit of a wrapped key is refused', () => {
  const wrapped = wrapKey(root, label, key)
  for (let bit = 0; bit < wrapped.length * 8; bit++) {
    const changed = Buffer.from(wrapped)
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    assert.throws(() => unwrapKey(root, label, changed), EnvelopeError, `bit ${bit}`)
  }
})

test('every shortened or extended wrapped key is refused', () => {
  const wrapped = wrapKey(root, label, key)
  for (let length = 0; length < wrapped.length; length++) {
    assert.throws(() => unwrapKey(root, label, wrapped.subarray(0, length)), EnvelopeError)
    assert.throws(() => describeWrappedKey(wrapped.subarray(0, length)), EnvelopeError)
  }
  refuses(() => unwrapKey(root, label, Buffer.concat([wrapped, Buffer.of(0)])), 'malformed')
})

test('arbitrary bytes are refused with a code and nothing else', () => {
  const start = wrapKey(root, label, key).subarray(0, 90)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(90), (bytes, kept) => {
      const hostile = Buffer.concat([start.subarray(0, kept), bytes])
      assert.throws(() => unwrapKey(root, label, hostile), EnvelopeError)
    }),
    { numRuns: 500 },
  )
})

test('a wrapped key that names another algorithm or format is refused', () => {
  const wrapped = wrapKey(root, label, key)
  wrapped.writeUInt8(2, 3)
  refuses(() => unwrapKey(root, label, wrapped), 'unsupported-algorithm')
  wrapped.writeUInt8(2, 2)
  refuses(() => unwrapKey(root, label, wrapped), 'unsupported-format')
})

test('policy 2.3-a.1: a key moved to a new root key is the same key and the old root no longer unwraps it', () => {
  const moved = rewrapKey(root, otherRoot, label, wrapKey(root, label, key))
  assert.ok(unwrapKey(otherRoot, label, moved).equals(key))
  refuses(() => unwrapKey(root, label, moved), 'wrong-key')
  refuses(() => rewrapKey(root, otherRoot, label, moved), 'wrong-key')
})

test('keys of another kind or length are refused', () => {
  const short = createSecretKey(Buffer.alloc(16, 1))
  const publicKey = createPublicKey(generateKeyPairSync('ed25519').privateKey)
  for (const bad of [short, publicKey]) {
    refuses(() => wrapKey(root, label, bad), 'invalid-key')
    refuses(() => wrapKey(bad, label, key), 'invalid-key')
    refuses(() => keyFingerprint(bad), 'invalid-key')
  }
})

test('a root key file of another length, or of one repeated byte, is refused; the bytes of a good one are wiped', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(31, 5), Buffer.alloc(32), Buffer.alloc(32, 0xff)]) {
    refuses(() => rootKey(bytes), 'invalid-key')
  }
  const bytes = key.export()
  assert.ok(rootKey(bytes).equals(key))
  assert.deepEqual(bytes, Buffer.alloc(32))
})

test('a fingerprint is 64 hexadecimal digits, the same for the same key only', () => {
  assert.match(keyFingerprint(key), /^[0-9a-f]{64}$/)
  assert.equal(keyFingerprint(key), keyFingerprint(createSecretKey(key.export())))
  assert.notEqual(keyFingerprint(key), keyFingerprint(root))
})

/** Writes a wrapped key as the README describes it, with the fingerprint of one key and the bytes of another. */
function byHand(named: KeyObject, held: KeyObject): Buffer {
  const derive = (from: KeyObject, info: string) => Buffer.from(hkdfSync('sha256', from, '', info, 32))
  const header = Buffer.concat([
    Buffer.from('fe4b0101', 'hex'),
    derive(root, 'surety.envelope/fingerprint/1'),
    derive(named, 'surety.envelope/fingerprint/1'),
    Buffer.from('00000003', 'hex'),
    Buffer.from('\u0008tenant-1\u0004data'),
  ])
  const aead = xaes(createSecretKey(derive(root, 'surety.envelope/wrap/1')))
  const nonce = Buffer.alloc(24, 6)
  const aad = canonicalContext(['surety.envelope/key/1', header])
  return Buffer.concat([header, nonce, ...aead.seal(nonce, aad, held.export())])
}
