import { createCipheriv, createSecretKey, randomFillSync, type KeyObject } from 'node:crypto'
import { EnvelopeError } from './envelope-error.ts'
import { bareGcmOpen, bareGcmSeal, requireKey } from './primitives.ts'

/** Length of an XAES-256-GCM nonce: 192 bits, safe to draw at random for 2^80 messages under one key. */
export const xaesNonceBytes = 24

/** How many messages are made ready at once: the generator and the derivation cost as much for all of them as for one. */
const readyAtOnce = 32
const derivationBytes = 32

/** One key prepared for many messages; the prepared state lives in closures so that no dump of an object shows it. */
export interface Xaes {
  /** Ciphertext and 16-byte tag. */
  readonly seal: (nonce: Buffer, aad: Uint8Array, plaintext: Uint8Array) => readonly [Buffer, Buffer]
  /** The same under a fresh random nonce, which comes first and is overwritten by a later call. */
  readonly sealFresh: (aad: Uint8Array, plaintext: Uint8Array) => readonly [Buffer, Buffer, Buffer]
  /** Plaintext, or `not-authentic`. */
  readonly open: (nonce: Buffer, aad: Uint8Array, ciphertext: Uint8Array, tag: Uint8Array) => Buffer
}

/**
 * XAES-256-GCM (c2sp.org/XAES-256-GCM): the first half of a 192-bit nonce derives a key of its own (NIST SP 800-108r1 with
 * CMAC-AES256), the second half is the nonce of AES-256-GCM under that key.
 */
export function xaes(key: KeyObject): Xaes {
  requireKey(key)
  // ECB chains nothing and without padding holds nothing back, so one cipher serves every block; making one each time costs more than the rest.
  const block = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false)
  const template = derivationInput(block.update(Buffer.alloc(16)))
  // Written anew for each message and read before the next; what surrounds the nonce in it never changes.
  const input = Buffer.from(template)

  const derive = (nonce: Buffer): KeyObject => {
    if (nonce.length !== xaesNonceBytes) throw new EnvelopeError('malformed')
    putNonce(template, nonce, 0, input, 0)
    return takeKey(block.update(input))
  }
  const next = freshMessages(template, (inputs) => block.update(inputs))

  return {
    seal: (nonce, aad, plaintext) => bareGcmSeal(derive(nonce), gcmNonce(nonce), aad, plaintext),
    sealFresh: (aad, plaintext) => {
      const { nonce, key } = next()
      const [ciphertext, tag] = bareGcmSeal(key, gcmNonce(nonce), aad, plaintext)
      return [nonce, ciphertext, tag]
    },
    open: (nonce, aad, ciphertext, tag) => bareGcmOpen(derive(nonce), gcmNonce(nonce), aad, ciphertext, tag),
  }
}

/**
 * Random nonces with the keys that they derive, each handed out once, made ready several at a time. What waits is of no use
 * to anybody: such a key has sealed nothing yet, and its bytes are wiped when it is taken.
 */
function freshMessages(template: Buffer, encrypt: (inputs: Buffer) => Buffer) {
  let nonces: Buffer | undefined
  let inputs: Buffer
  let keys: Buffer
  let taken = readyAtOnce
  const refill = (): Buffer => {
    // A key that only opens needs none of this.
    if (nonces === undefined) {
      nonces = Buffer.alloc(readyAtOnce * xaesNonceBytes)
      inputs = Buffer.concat(Array.from({ length: readyAtOnce }, () => template))
    }
    randomFillSync(nonces)
    for (let at = 0; at < readyAtOnce; at++)
      putNonce(template, nonces, at * xaesNonceBytes, inputs, at * derivationBytes)
    keys = encrypt(inputs)
    taken = 0
    return nonces
  }
  return (): { readonly nonce: Buffer; readonly key: KeyObject } => {
    const from = taken === readyAtOnce || nonces === undefined ? refill() : nonces
    // Counted before it is used: whatever fails afterwards, no second message gets it.
    const at = taken++
    return {
      nonce: from.subarray(at * xaesNonceBytes, (at + 1) * xaesNonceBytes),
      key: takeKey(keys.subarray(at * derivationBytes, (at + 1) * derivationBytes)),
    }
  }
}

/** The second half of a nonce. */
function gcmNonce({ buffer, byteOffset }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset + 12, 12)
}

/** Puts the first half of a nonce into both blocks of a derivation. */
function putNonce(template: Buffer, nonce: Buffer, nonceAt: number, input: Buffer, inputAt: number): void {
  for (let at = 0; at < 12; at++) {
    const byte = nonce[nonceAt + at] ?? 0
    input[inputAt + 4 + at] = (template[4 + at] ?? 0) ^ byte
    input[inputAt + 20 + at] = (template[20 + at] ?? 0) ^ byte
  }
}

/** The runtime takes a `KeyObject` ten times as fast as the same bytes, also for a key that is used once. */
function takeKey(derived: Buffer): KeyObject {
  const key = createSecretKey(derived)
  derived.fill(0)
  return key
}

/** Both CMAC input blocks with the nonce left zero, already combined with the CMAC subkey K1. */
function derivationInput(encryptedZero: Buffer): Buffer {
  const subkey = doubled(encryptedZero)
  const blocks = Buffer.alloc(32)
  blocks.set([0x00, 0x01, 0x58, 0x00], 0)
  blocks.set([0x00, 0x02, 0x58, 0x00], 16)
  for (let i = 0; i < 32; i++) blocks.writeUInt8(blocks.readUInt8(i) ^ subkey.readUInt8(i % 16), i)
  return blocks
}

/** Multiplication by x in GF(2^128) (NIST SP 800-38B section 6.1), without a branch on secret bits. */
function doubled(value: Buffer): Buffer {
  const out = Buffer.alloc(16)
  let carry = 0
  for (let i = 15; i >= 0; i--) {
    const byte = value.readUInt8(i)
    out.writeUInt8(((byte << 1) | carry) & 0xff, i)
    carry = byte >> 7
  }
  out.writeUInt8(out.readUInt8(15) ^ (0x87 & -carry), 15)
  return out
}
