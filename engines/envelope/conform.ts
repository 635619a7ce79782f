import { createHash, createPublicKey, createSecretKey, timingSafeEqual, verify } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { openingPass, sealingPass } from './chunked.ts'
import { EnvelopeError } from './envelope-error.ts'
import { gcmOpen, gcmSeal, hkdfSha256, hmacSha256 } from './primitives.ts'
import { xaes } from './xaes.ts'

/**
 * The outcome of published vectors. `refused` counts the vectors with parameters that this engine does not offer (other key or
 * nonce lengths) and was seen to refuse; they are neither passed nor failed.
 */
export interface Conformance {
  readonly passed: number
  readonly refused: number
  readonly failed: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>
/** `differs`: accepted, but with another result than the published one; it is never what a vector expects. */
type Outcome = 'accepts' | 'rejects' | 'refuses' | 'differs' | 'cannot read'

interface Suite {
  readonly file: string
  /** What the primitive, as used here, makes of the vector; to throw is to reject. */
  readonly run: (test: Fields, group: Fields) => Outcome
  /** Whether the parameters are ones that this engine offers. */
  readonly offers: (group: Fields) => boolean
}

const suites: readonly Suite[] = [
  {
    file: 'aes_gcm_test.json',
    run: runAesGcm,
    offers: (group) => group.keySize === 256 && group.ivSize === 96 && group.tagSize === 128,
  },
  { file: 'hkdf_sha256_test.json', run: runHkdf, offers: () => true },
  { file: 'hmac_sha256_test.json', run: runHmac, offers: () => true },
  { file: 'c2sp_chunked_encryption_aes_256_gcm_test.json', run: runChunked, offers: () => true },
  { file: 'ed25519_test.json', run: runEd25519, offers: () => true },
]

/** Runs the Wycheproof files in a folder, and the accumulated XAES-256-GCM test, against the primitives as this engine uses them. */
export async function conformEnvelope(casesDir: string): Promise<Conformance> {
  const results = [conformXaes()]
  for (const suite of suites) results.push(await conformFile(suite, casesDir))
  return {
    passed: results.reduce((sum, result) => sum + result.passed, 0),
    refused: results.reduce((sum, result) => sum + result.refused, 0),
    failed: results.flatMap((result) => result.failed),
  }
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

function conformXaes(): Conformance {
  const published = 'e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939'
  const passes = xaesAccumulated(10_000) === published
  return {
    passed: passes ? 1 : 0,
    refused: 0,
    failed: passes ? [] : ['XAES-256-GCM accumulated, 10,000 rounds'],
  }
}

async function conformFile(suite: Suite, casesDir: string): Promise<Conformance> {
  const groups = await readGroups(join(casesDir, suite.file))
  if (groups === undefined) return { passed: 0, refused: 0, failed: [`${suite.file}: absent or unreadable`] }
  const failed: string[] = []
  let passed = 0
  let refused = 0
  for (const group of groups) {
    for (const test of list(group.tests)) {
      const outcome = observe(suite, test, group)
      const expected = expectation(suite, test, group)
      if (outcome !== expected)
        failed.push(`${suite.file} case ${Number(test.tcId)}: ${outcome}, expected ${expected}`)
      else if (outcome === 'refuses') refused++
      else passed++
    }
  }
  if (passed === 0) failed.push(`${suite.file}: no case could be run`)
  return { passed, refused, failed }
}

async function readGroups(path: string): Promise<readonly Fields[] | undefined> {
  try {
    const file: Fields = JSON.parse(await readFile(path, 'utf8'))
    return list(file.testGroups)
  } catch {
    return undefined
  }
}

function expectation(suite: Suite, test: Fields, group: Fields): Outcome {
  if (!suite.offers(group)) return 'refuses'
  return test.result === 'valid' ? 'accepts' : 'rejects'
}

function observe(suite: Suite, test: Fields, group: Fields): Outcome {
  try {
    return suite.run(test, group)
  } catch (error) {
    // A vector that cannot be read must not count as one that was rightly rejected.
    if (error instanceof TypeError) return 'cannot read'
    const unoffered = error instanceof EnvelopeError && ['invalid-key', 'malformed'].includes(error.code)
    return unoffered && !suite.offers(group) ? 'refuses' : 'rejects'
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
  const opening = openingPass([key], context)
  const message = Buffer.concat([...inPieces(sealed, opening.push), ...opening.end()])
  const sealing = sealingPass(key, context, sealed.subarray(0, 24))
  const resealed = Buffer.concat([...inPieces(message, sealing.push), ...sealing.end()])
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

function asPublished(same: boolean): Outcome {
  return same ? 'accepts' : 'differs'
}

/** Feeds bytes in pieces that fit neither the header nor the chunks. */
function inPieces(bytes: Buffer, push: (piece: Uint8Array) => readonly Buffer[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 40_009) pieces.push(...push(bytes.subarray(at, at + 40_009)))
  return pieces
}

function list(value: unknown): readonly Fields[] {
  if (!Array.isArray(value)) throw new TypeError('the vector file has another form')
  return value
}

function hex(value: unknown): Buffer {
  if (typeof value !== 'string') throw new TypeError('the vector lacks a value')
  return Buffer.from(value, 'hex')
}
