import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { xaesAccumulated } from './conform.ts'
import { EnvelopeError } from './envelope-error.ts'
import { xaes } from './xaes.ts'

const nonce = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX')
const vectors = [
  { key: 0x01, aad: '', sealed: 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271' },
  {
    key: 0x03,
    aad: 'c2sp.org/XAES-256-GCM',
    sealed: '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d',
  },
]

for (const vector of vectors) {
  test(`the published XAES-256-GCM vector with key byte ${vector.key} is met in both directions`, () => {
    const aead = xaes(createSecretKey(Buffer.alloc(32, vector.key)))
    const aad = Buffer.from(vector.aad)
    const [ciphertext, tag] = aead.seal(nonce, aad, Buffer.from('XAES-256-GCM'))
    assert.equal(Buffer.concat([ciphertext, tag]).toString('hex'), vector.sealed)
    assert.equal(aead.open(nonce, aad, ciphertext, tag).toString(), 'XAES-256-GCM')
  })
}

test('ten thousand accumulated XAES-256-GCM messages hash to the published value', () => {
  assert.equal(xaesAccumulated(10_000), 'e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939')
})

test('another key length and another nonce length are refused', () => {
  assert.throws(() => xaes(createSecretKey(Buffer.alloc(16, 1))), new EnvelopeError('invalid-key'))
  const aead = xaes(createSecretKey(Buffer.alloc(32, 1)))
  const empty = Buffer.alloc(0)
  assert.throws(() => aead.seal(nonce.subarray(1), empty, empty), new EnvelopeError('malformed'))
})

test('policy 2.2-a: fresh nonces never repeat, over many batches, and each opens what it sealed', () => {
  const aead = xaes(createSecretKey(Buffer.alloc(32, 1)))
  const aad = Buffer.from('aad')
  const seen = new Set<string>()
  for (let message = 0; message < 500; message++) {
    const plaintext = Buffer.from(`sample ${message}`)
    const [nonce, ciphertext, tag] = aead.sealFresh(aad, plaintext)
    seen.add(nonce.toString('hex'))
    assert.deepEqual(aead.open(nonce, aad, ciphertext, tag), plaintext)
    assert.deepEqual(Buffer.concat(aead.seal(nonce, aad, plaintext)), Buffer.concat([ciphertext, tag]))
  }
  assert.equal(seen.size, 500)
  const other = xaes(createSecretKey(Buffer.alloc(32, 1)))
  assert.ok(!seen.has(other.sealFresh(aad, aad)[0].toString('hex')))
})
