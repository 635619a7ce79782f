import { createHash, createPublicKey, createSecretKey, timingSafeEqual, verify } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { openingPass, sealingPass, type Pass } from './chunked.ts'
import { gcmOpen, gcmSeal, hkdfSha256, hmacSha256 } from './primitives.ts'
import {
  allOf,
  asPublished,
  conformFiles,
  hex,
  type Conformance,
  type Fields,
  type Outcome,
  type Suite,
} from './wycheproof.ts'
import { xaes } from './xaes.ts'

export type { Conformance } from './wycheproof.ts'

const suites: readonly Suite[] = [
  {
    file: 'aes_gcm_test.json',
    run: runAesGcm,
    offers: (group) => group.keySize === 256 && group.ivSize === 96 && group.tagSize === 128,
  },
  { file: 'hkdf_sha256_test.json', run: runHkdf, offers: () => true },
  { file: 'hmac_sha256_test.json', run: runHmac, offers: () => true },
  { file: 'c2sp_chunked_encryption_aes_256_gcm_test.json', run: runChunked, offers: () => true },
  // Another key length of the same format: every case of it, good or bad, has to be refused.
  { file: 'c2sp_chunked_encryption_aes_128_gcm_test.json', run: runChunked, offers: () => false },
  { file: 'ed25519_test.json', run: runEd25519, offers: () => true },
]

/** Runs the Wycheproof files in a folder, and the accumulated XAES-256-GCM test, against the primitives as this engine uses them. */
export async function conformEnvelope(casesDir: string): Promise<Conformance> {
  return allOf([conformXaes(10_000), await conformFiles(casesDir, suites)])
}

/** The accumulated test of c2sp.org/XAES-256-GCM: SHAKE-128 feeds keys, nonces, plaintexts and data; the hash of all ciphertexts. */
export function xaesAccumulated(rounds: number): string {
  const roundBytesMax = 32 + 24 + 1 + 255 + 1 + 255
  const random = createHash('shake128', { outputLength: rounds * roundBytesMax }).digest()
  const ciphertexts = createHash('shake128', { outputLength: 32 })
  let at = 0
  const take = (bytes: number) => random.subarray(at, (at += bytes))
  const takeSized = () => take(take(1).readUInt8(0))
  for (let round = 0; round < rounds; round++) {
    const aead = xaes(createSecretKey(take(32)))
    const nonce = take(24)
    const plaintext = takeSized()
    const aad = takeSized()
    for (const part of aead.seal(nonce, aad, plaintext)) ciphertexts.update(part)
  }
  return ciphertexts.digest('hex')
}

const published = {
  10_000: 'e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939',
  1_000_000: '2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15',
} as const

/** Holds the accumulated test to its published values. */
export function conformXaes(rounds: keyof typeof published): Conformance {
  const passes = xaesAccumulated(rounds) === published[rounds]
  return {
    passed: passes ? 1 : 0,
    refused: 0,
    failed: passes ? [] : [`XAES-256-GCM accumulated, ${rounds} rounds`],
  }
}

function runAesGcm(test: Fields): Outcome {
  const key = createSecretKey(hex(test.key))
  const [nonce, aad, message, ciphertext, tag] = [test.iv, test.aad, test.msg, test.ct, test.tag].map(hex)
  if (!nonce || !aad || !message || !ciphertext || !tag) return 'cannot read'
  const opened = gcmOpen(key, nonce, aad, ciphertext, tag)
  const sealed = Buffer.concat([...gcmSeal(key, nonce, aad, message)])
  return asPublished(opened.equals(message) && sealed.equals(Buffer.concat([ciphertext, tag])))
}

function runHkdf(test: Fields): Outcome {
  const key = createSecretKey(hex(test.ikm))
  const derived = hkdfSha256(key, hex(test.salt), hex(test.info), Number(test.size))
  return asPublished(derived.equals(hex(test.okm)))
}

function runHmac(test: Fields): Outcome {
  const tag = hex(test.tag)
  const full = hmacSha256(createSecretKey(hex(test.key)), hex(test.msg))
  return timingSafeEqual(full.subarray(0, tag.length), tag) ? 'accepts' : 'rejects'
}

function runChunked(test: Fields): Outcome {
  const key = createSecretKey(hex(test.key))
  const context = hex(test.ctx)
  const sealed = inflateSync(hex(test.ct))
  const message = inPieces(sealed, openingPass([key], context))
  const resealed = inPieces(message, sealingPass(key, context, sealed.subarray(0, 24)))
  const sha512 = createHash('sha512').update(message).digest('hex')
  return asPublished(
    sha512 === test.msgSha512 && message.length === test.msgLength && resealed.equals(sealed),
  )
}

/** Ed25519 (RFC 8032) as the checkpoints and signatures elsewhere use it: the verifier of the runtime, nothing of our own. */
function runEd25519(test: Fields, group: Fields): Outcome {
  const publicKey = createPublicKey({ key: hex(group.publicKeyDer), format: 'der', type: 'spki' })
  return verify(null, hex(test.msg), publicKey, hex(test.sig)) ? 'accepts' : 'rejects'
}

/** What comes of bytes that arrive in pieces that fit neither the header nor the chunks. */
function inPieces(bytes: Buffer, pass: Pass): Buffer {
  const into = Buffer.alloc(pass.room(bytes.length))
  let at = 0
  for (let from = 0; from < bytes.length; from += 40_009)
    at = pass.push(bytes.subarray(from, from + 40_009), into, at)
  return into.subarray(0, pass.end(into, at))
}
