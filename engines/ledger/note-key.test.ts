import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatVerifierKey, noteSigner, parseVerifierKey, verifierKey } from './note-key.ts'

// Published in the signed-note specification and in the documentation of Go's note package.
const published = [
  'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  'TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6',
]

test('published verifier keys are read and written back byte for byte', () => {
  for (const vkey of published) assert.equal(formatVerifierKey(parseVerifierKey(vkey)), vkey)
  const key = parseVerifierKey(published[0] ?? '')
  assert.equal(key.name, 'example.com/foo')
  assert.equal(key.keyId, '530d903a')
})

test('a changed character of a verifier key is refused', () => {
  const vkey = published[0] ?? ''
  fc.assert(
    fc.property(
      fc.nat({ max: vkey.length - 1 }),
      fc.string({ unit: 'binary', minLength: 0, maxLength: 2 }),
      (at, put) => {
        const changed = vkey.slice(0, at) + put + vkey.slice(at + 1)
        if (changed !== vkey) assert.throws(() => parseVerifierKey(changed), /key/)
      },
    ),
  )
})

test('keys of other types, lengths and names are refused by reason', () => {
  const vkeyOf = (bytes: readonly number[]) => `a+00000000+${Buffer.from(bytes).toString('base64')}`
  assert.throws(() => parseVerifierKey(vkeyOf([4, ...Array(32).fill(1)])), { code: 'key-unsupported' })
  assert.throws(() => parseVerifierKey(vkeyOf([1, ...Array(31).fill(1)])), { code: 'key-malformed' })
  for (const vkey of ['', 'a', 'a+b', '++', 'a+00000000+', '+00000000+AQ=='])
    assert.throws(() => parseVerifierKey(vkey), { code: 'key-malformed' })
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  for (const name of ['', 'a b', 'a+b', 'a\nb', 'a\u00a0b', 'a\u0001b', '\ud800'])
    assert.throws(() => noteSigner(name, privateKey), { code: 'key-malformed' })
  assert.throws(() => noteSigner('a', publicKey), { code: 'key-malformed' })
  assert.throws(() => noteSigner('a', createSecretKey(Buffer.alloc(32))), { code: 'key-malformed' })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  assert.throws(() => noteSigner('a', other.privateKey), { code: 'key-unsupported' })
  assert.throws(() => verifierKey('a', privateKey), { code: 'key-unsupported' })
})
