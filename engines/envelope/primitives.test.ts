import assert from 'node:assert/strict'
import { createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { EnvelopeError } from './envelope-error.ts'
import { gcmOpen, gcmSeal, hkdfExpandSha512, tagBytes } from './primitives.ts'

const key = createSecretKey(randomBytes(32))
const nonce = randomBytes(12)
const aad = Buffer.from('sample')

test('policy 2.2-a: a shortened tag is refused, whatever its length', () => {
  const [ciphertext, tag] = gcmSeal(key, nonce, aad, Buffer.from('sample'))
  for (let length = 0; length < tagBytes; length++) {
    const shortened = tag.subarray(0, length)
    assert.throws(
      () => gcmOpen(key, nonce, aad, ciphertext, shortened),
      new EnvelopeError('not-authentic'),
      `${length} bytes`,
    )
  }
})

test('policy 2.2-a: AES-128 and AES-192 keys are refused', () => {
  for (const length of [16, 24]) {
    const shorter = createSecretKey(randomBytes(length))
    assert.throws(() => gcmSeal(shorter, nonce, aad, aad), new EnvelopeError('invalid-key'))
  }
})

test('the expand half of HKDF-SHA-512 continues an extracted key as the runtime does', () => {
  const secret = randomBytes(32)
  const salt = randomBytes(64)
  const extracted = hkdfExtract(salt, secret)
  for (const length of [1, 64, 65, 76, 200]) {
    const expected = Buffer.from(hkdfSync('sha512', secret, salt, aad, length))
    assert.deepEqual(hkdfExpandSha512(extracted, aad, length), expected)
  }
})

function hkdfExtract(salt: Buffer, secret: Buffer) {
  return createSecretKey(createHmac('sha512', salt).update(secret).digest())
}
