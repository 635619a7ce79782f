import assert from 'node:assert/strict'
import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalContext } from './canonical-context.ts'
import { chunkNonce } from './chunked.ts'
import { EnvelopeError, type EnvelopeErrorCode } from './envelope-error.ts'
import { generateDataKey } from './keys.ts'
import { openFile, openStream, sealFile, sealStream } from './stream.ts'

const key = generateDataKey()
const context = canonicalContext(['backup', 'sample'])
const chunk = 16_384
const sealedChunk = chunk + 16

function refuses(attempt: () => unknown, code: EnvelopeErrorCode) {
  assert.throws(attempt, new EnvelopeError(code))
}

/** Runs bytes through a Transform in pieces; what it released, and how it ended. */
async function flow(bytes: Buffer, through: Transform, piece: number) {
  const released: Buffer[] = []
  const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, index) =>
    bytes.subarray(index * piece, (index + 1) * piece),
  )
  const error = await pipeline(Readable.from(pieces), through, async (source: AsyncIterable<Buffer>) => {
    for await (const part of source) released.push(part)
  }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return { released: Buffer.concat(released), error }
}

const lengths = [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * chunk + 7]

test('policy 2.2-b: files of every length around a chunk come back, streamed in any pieces or whole', async () => {
  for (const length of lengths) {
    const bytes = randomBytes(length)
    for (const piece of [1_000, chunk, 100_000]) {
      const sealed = await flow(bytes, sealStream(key, context), piece)
      assert.equal(sealed.error, undefined)
      assert.equal(sealed.released.length, 56 + length + 16 * (Math.floor(length / chunk) + 1))
      assert.ok(openFile([key], context, sealed.released).equals(bytes))
      const opened = await flow(sealFile(key, context, bytes), openStream([key], context), piece)
      assert.equal(opened.error, undefined)
      assert.ok(opened.released.equals(bytes))
    }
  }
})

test('any file comes back in any pieces', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(70_000), fc.integer({ min: 1, max: 40_000 }), async (length, piece) => {
      const bytes = randomBytes(length)
      const sealed = await flow(bytes, sealStream(key, context), piece)
      const opened = await flow(sealed.released, openStream([key], context), piece)
      assert.equal(opened.error, undefined)
      assert.ok(opened.released.equals(bytes))
    }),
    { numRuns: 30 },
  )
})

test('any single flipped bit of a file is refused', () => {
  const sealed = sealFile(key, context, randomBytes(chunk + 100))
  fc.assert(
    fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
      const changed = Buffer.from(sealed)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      assert.throws(() => openFile([key], context, changed), EnvelopeError)
    }),
    { numRuns: 500 },
  )
})

test('arbitrary bytes are refused with a code and nothing else', () => {
  const start = sealFile(key, context, Buffer.alloc(chunk)).subarray(0, 56 + sealedChunk)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(start.length), (bytes, kept) => {
      const hostile = Buffer.concat([start.subarray(0, kept), bytes])
      assert.throws(() => openFile([key], context, hostile), EnvelopeError)
    }),
    { numRuns: 300 },
  )
})

test('every truncation of a short file and every cut around a chunk of a long one is refused', () => {
  const short = sealFile(key, context, Buffer.from('sample'))
  for (let length = 0; length < short.length; length++) {
    assert.throws(() => openFile([key], context, short.subarray(0, length)), EnvelopeError)
  }
  const long = sealFile(key, context, randomBytes(2 * chunk))
  for (const cut of [56, 56 + 15, 56 + sealedChunk - 1, 56 + sealedChunk, 56 + 2 * sealedChunk]) {
    assert.throws(() => openFile([key], context, long.subarray(0, cut)), EnvelopeError)
  }
  refuses(() => openFile([key], context, long.subarray(0, 56 + 2 * sealedChunk)), 'truncated')
})

test('chunks reordered, repeated, dropped, appended or taken from another file are refused', () => {
  const sealed = sealFile(key, context, Buffer.alloc(3 * chunk + 5, 1))
  const other = sealFile(key, context, Buffer.alloc(3 * chunk + 5, 1))
  const head = sealed.subarray(0, 56)
  const part = (index: number, from = sealed) =>
    from.subarray(56 + index * sealedChunk, 56 + (index + 1) * sealedChunk)
  const wrong = [
    [part(1), part(0), part(2), part(3)],
    [part(0), part(0), part(2), part(3)],
    [part(0), part(2), part(3)],
    [part(0), part(1), part(2), part(3), part(3)],
    [part(0), part(1), part(2), part(3), Buffer.of(0)],
    [part(0), part(1, other), part(2), part(3)],
    [part(3)],
  ]
  for (const chunks of wrong) {
    refuses(() => openFile([key], context, Buffer.concat([head, ...chunks])), 'not-authentic')
  }
})

test('another key and another context are refused before any chunk is decrypted', () => {
  const sealed = sealFile(key, context, Buffer.from('sample'))
  refuses(() => openFile([generateDataKey()], context, sealed), 'commitment-mismatch')
  refuses(() => openFile([], context, sealed), 'commitment-mismatch')
  const elsewhere = canonicalContext(['backup', 'sampl', 'e'])
  refuses(() => openFile([key], elsewhere, sealed), 'commitment-mismatch')
  refuses(() => openFile([createSecretKey(Buffer.alloc(16, 1))], context, sealed), 'invalid-key')
})

test('policy 2.3-a.1: among several keys the commitment finds the one that sealed', () => {
  const keys: readonly KeyObject[] = [generateDataKey(), key, generateDataKey()]
  const sealed = sealFile(key, context, Buffer.from('sample'))
  assert.equal(openFile(keys, context, sealed).toString(), 'sample')
})

test('nothing of a changed chunk, and nothing after it, leaves a stream', async () => {
  const bytes = randomBytes(6 * chunk)
  const sealed = sealFile(key, context, bytes)
  const at = 56 + 3 * sealedChunk + 10
  sealed.writeUInt8(sealed.readUInt8(at) ^ 1, at)
  for (const piece of [1_000, sealedChunk, 60_000, sealed.length]) {
    const { released, error } = await flow(sealed, openStream([key], context), piece)
    assert.deepEqual(error, new EnvelopeError('not-authentic'))
    assert.ok(released.length <= 3 * chunk)
    assert.ok(released.equals(bytes.subarray(0, released.length)))
  }
})

test('a stream cut at a chunk ends in an error, however it arrives', async () => {
  const sealed = sealFile(key, context, randomBytes(2 * chunk))
  for (const cut of [0, 55, 56, 56 + sealedChunk, 56 + 2 * sealedChunk]) {
    const { error } = await flow(sealed.subarray(0, cut), openStream([key], context), 5_000)
    assert.deepEqual(error, new EnvelopeError('truncated'), `cut at ${cut}`)
  }
})

test('a stream that has failed stays failed', async () => {
  const stream = openStream([key], context)
  const errors: unknown[] = []
  stream.on('error', (error) => errors.push(error))
  stream.resume()
  stream.write(Buffer.alloc(56, 1))
  stream.end(sealFile(key, context, Buffer.from('sample')))
  await new Promise((resolve) => stream.once('close', resolve))
  assert.deepEqual(errors, [new EnvelopeError('commitment-mismatch')])
  assert.equal(stream.readableEnded, false)
  assert.equal(stream.read(), null)
})

test('two sealings of one file share no salt and no chunk', () => {
  const [one, two] = [sealFile(key, context, Buffer.alloc(99)), sealFile(key, context, Buffer.alloc(99))]
  assert.notDeepEqual(one.subarray(0, 24), two.subarray(0, 24))
  assert.notDeepEqual(one.subarray(56), two.subarray(56))
})

test('chunk numbers up to 2^38 give distinct nonces and the next one is refused', () => {
  const base = Buffer.from('ffffffffffffffffffffffff', 'hex')
  assert.equal(chunkNonce(base, 0).toString('hex'), 'ffffffffffffffffffffffff')
  assert.equal(chunkNonce(base, 1).toString('hex'), 'fffffffffffffffffffffffe')
  assert.equal(chunkNonce(base, 2 ** 32 - 1).toString('hex'), 'ffffffffffffffff00000000')
  assert.equal(chunkNonce(base, 2 ** 32).toString('hex'), 'fffffffffffffffeffffffff')
  assert.equal(chunkNonce(base, 2 ** 38 - 1).toString('hex'), 'ffffffffffffffc000000000')
  refuses(() => chunkNonce(base, 2 ** 38), 'too-large')
})
