import { randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto'
import { EnvelopeError } from './envelope-error.ts'
import { secretKey } from './keys.ts'
import { bareGcmOpen, bareGcmSeal, hkdfExpandSha512, release, requireKey, tagBytes } from './primitives.ts'

/** The plain bytes of every chunk but the last. */
export const chunkBytes = 16_384
const saltBytes = 24
/** Salt and commitment. */
export const headerBytes = saltBytes + 32
const chunksMax = 2 ** 38
const label = Buffer.from('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0', 'latin1')
const empty = Buffer.alloc(0)

/** One pass over a stream: bytes in; whole sealed or authenticated chunks out, each to its place in memory that the caller gives. */
export interface Pass {
  /** What `push` of so many bytes, or `end` after them, puts out at most. */
  readonly room: (bytes: number) => number
  /** Puts what is whole now into `into` from `at` on, which has room; returns where that ended. */
  readonly push: (bytes: Uint8Array, into: Uint8Array, at: number) => number
  /** The same for the rest. */
  readonly end: (into: Uint8Array, at: number) => number
}

/** Seals a message chunk by chunk (c2sp.org/chunked-encryption, SHA-512 and AES-256-GCM); the salt must never repeat under one key. */
export function sealingPass(key: KeyObject, context: Uint8Array, salt = randomBytes(saltBytes)): Pass {
  const message = messageKeys(key, salt, context)
  const chunks = splitter(chunkBytes)
  let begun = false
  let index = 0

  const begin = (into: Uint8Array, at: number): number => {
    if (begun) return at
    begun = true
    into.set(salt, at)
    into.set(message.commitment, at + saltBytes)
    return at + headerBytes
  }
  const seal = (chunk: Uint8Array, into: Uint8Array, at: number): number => {
    // The key and the nonce were made here.
    const [sealed, tag] = bareGcmSeal(message.key, chunkNonce(message.baseNonce, index++), empty, chunk)
    into.set(sealed, at)
    into.set(tag, at + sealed.length)
    const end = at + sealed.length + tagBytes
    release(sealed)
    return end
  }
  return {
    room: (bytes) => sealedLength(chunks.rest().length + bytes),
    push: (bytes, into, at) => {
      let end = begin(into, at)
      chunks.push(bytes, (chunk) => (end = seal(chunk, into, end)))
      return end
    },
    end: (into, at) => seal(chunks.rest(), into, begin(into, at)),
  }
}

/** How long so many plain bytes are when they are sealed. */
export function sealedLength(bytes: number): number {
  return headerBytes + bytes + (Math.floor(bytes / chunkBytes) + 1) * tagBytes
}

/** Opens what a sealing pass made with one of the keys and this context; a chunk is released only once it is authentic. */
export function openingPass(keys: readonly KeyObject[], context: Uint8Array): Pass {
  keys.forEach(requireKey)
  const header = splitter(headerBytes)
  const chunks = splitter(chunkBytes + tagBytes)
  let message: MessageKeys | undefined
  let index = 0

  const open = (sealed: Uint8Array, { key, baseNonce }: MessageKeys, into: Uint8Array, at: number) => {
    const tag = sealed.subarray(-tagBytes)
    const plain = bareGcmOpen(key, chunkNonce(baseNonce, index++), empty, sealed.subarray(0, -tagBytes), tag)
    into.set(plain, at)
    const end = at + plain.length
    release(plain)
    return end
  }
  return {
    room: (bytes) => chunks.rest().length + bytes,
    push: (bytes, into, at) => {
      const missing = message === undefined ? headerBytes - header.rest().length : 0
      header.push(bytes.subarray(0, missing), (whole) => (message = committedKeys(keys, whole, context)))
      const committed = message
      if (committed === undefined) return at
      let end = at
      chunks.push(bytes.subarray(missing), (sealed) => (end = open(sealed, committed, into, end)))
      return end
    },
    end: (into, at) => {
      // The last chunk is always a short one, so a stream that ends on a full chunk has lost its end.
      const last = chunks.rest()
      if (message === undefined || last.length < tagBytes) throw new EnvelopeError('truncated')
      return open(last, message, into, at)
    },
  }
}

/** The base nonce combined with the chunk number; `too-large` past the 2^38 chunks that the format allows. */
export function chunkNonce(baseNonce: Uint8Array, index: number): Buffer {
  if (index >= chunksMax) throw new EnvelopeError('too-large')
  const nonce = Buffer.from(baseNonce)
  nonce.writeUInt8(nonce.readUInt8(7) ^ Math.floor(index / 2 ** 32), 7)
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ (index % 2 ** 32)) >>> 0, 8)
  return nonce
}

interface MessageKeys {
  readonly key: KeyObject
  readonly baseNonce: Buffer
  readonly commitment: Buffer
}

function messageKeys(inputKey: KeyObject, salt: Uint8Array, context: Uint8Array): MessageKeys {
  requireKey(inputKey)
  const derived = hkdfExpandSha512(inputKey, Buffer.concat([label, salt, context]), 32 + 12 + 32)
  const baseNonce = Buffer.from(derived.subarray(32, 44))
  const commitment = Buffer.from(derived.subarray(44))
  return { key: secretKey(derived.subarray(0, 32)), baseNonce, commitment }
}

/** Finds the key by the commitment, which no second key and no second context can share. */
function committedKeys(keys: readonly KeyObject[], header: Uint8Array, context: Uint8Array): MessageKeys {
  const salt = header.subarray(0, saltBytes)
  const commitment = header.subarray(saltBytes)
  for (const key of keys) {
    const candidate = messageKeys(key, salt, context)
    if (timingSafeEqual(candidate.commitment, commitment)) return candidate
  }
  throw new EnvelopeError('commitment-mismatch')
}

/** Cuts arriving bytes into pieces of one size, copying only what straddles a cut; `take` is done with a piece when it returns. */
function splitter(size: number) {
  const held = Buffer.allocUnsafe(size)
  let length = 0
  const keep = (bytes: Uint8Array): void => {
    held.set(bytes, length)
    length += bytes.length
  }
  return {
    push: (bytes: Uint8Array, take: (piece: Uint8Array) => void): void => {
      let at = 0
      if (length > 0) {
        at = Math.min(size - length, bytes.length)
        keep(bytes.subarray(0, at))
        if (length < size) return
        length = 0
        take(held)
      }
      for (; bytes.length - at >= size; at += size) take(bytes.subarray(at, at + size))
      keep(bytes.subarray(at))
    },
    rest: (): Uint8Array => held.subarray(0, length),
  }
}
