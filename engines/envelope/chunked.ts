import { randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto'
import { EnvelopeError } from './envelope-error.ts'
import { secretKey } from './keys.ts'
import {
  bareGcmSeal,
  gcmOpen,
  gcmSeal,
  hkdfExpandSha512,
  release,
  requireKey,
  tagBytes,
} from './primitives.ts'

/** The plain bytes of every chunk but the last. */
export const chunkBytes = 16_384
const saltBytes = 24
/** Salt and commitment. */
export const headerBytes = saltBytes + 32
const chunksMax = 2 ** 38
const label = Buffer.from('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0', 'latin1')
const empty = Buffer.alloc(0)

/** One pass over a stream: bytes in, whole sealed or authenticated chunks out (in pieces, to spare a copy), and the rest at the end. */
export interface Pass {
  readonly push: (bytes: Uint8Array) => readonly Buffer[]
  readonly end: () => readonly Buffer[]
}

/** Seals a message chunk by chunk (c2sp.org/chunked-encryption, SHA-512 and AES-256-GCM); the salt must never repeat under one key. */
export function sealingPass(key: KeyObject, context: Uint8Array, salt = randomBytes(saltBytes)): Pass {
  const message = messageKeys(key, salt, context)
  const chunks = splitter(chunkBytes)
  let head: readonly Buffer[] = [salt, message.commitment]
  let index = 0

  const seal = (chunk: Uint8Array) =>
    gcmSeal(message.key, chunkNonce(message.baseNonce, index++), empty, chunk)
  const withHead = (sealed: readonly Buffer[]) => {
    const all = [...head, ...sealed]
    head = []
    return all
  }
  return {
    push: (bytes) => withHead(chunks.push(bytes).flatMap(seal)),
    end: () => withHead(seal(chunks.rest())),
  }
}

/** How long so many plain bytes are when they are sealed. */
export function sealedLength(bytes: number): number {
  return headerBytes + bytes + (Math.floor(bytes / chunkBytes) + 1) * tagBytes
}

/** A sealing pass over bytes in memory, chunk by chunk to their place in `into`, which has room; returns the sealed length. */
export function sealInto(key: KeyObject, context: Uint8Array, bytes: Uint8Array, into: Uint8Array): number {
  const salt = randomBytes(saltBytes)
  const message = messageKeys(key, salt, context)
  let at = 0
  const put = (piece: Uint8Array): void => {
    into.set(piece, at)
    at += piece.length
  }
  put(salt)
  put(message.commitment)
  // The last chunk is always a short one, empty when nothing is left.
  for (let index = 0; index * chunkBytes <= bytes.length; index++) {
    const chunk = bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes)
    // The key and the nonce were made here.
    const [sealed, tag] = bareGcmSeal(message.key, chunkNonce(message.baseNonce, index), empty, chunk)
    put(sealed)
    put(tag)
    release(sealed)
  }
  return at
}

/** Opens what a sealing pass made with one of the keys and this context; a chunk is released only once it is authentic. */
export function openingPass(keys: readonly KeyObject[], context: Uint8Array): Pass {
  keys.forEach(requireKey)
  const header = splitter(headerBytes)
  const chunks = splitter(chunkBytes + tagBytes)
  let message: MessageKeys | undefined
  let index = 0

  const open = (sealed: Uint8Array, keys: MessageKeys) => {
    const nonce = chunkNonce(keys.baseNonce, index++)
    return gcmOpen(keys.key, nonce, empty, sealed.subarray(0, -tagBytes), sealed.subarray(-tagBytes))
  }
  return {
    push: (bytes) => {
      let body = bytes
      if (message === undefined) {
        const missing = headerBytes - header.rest().length
        const [complete] = header.push(bytes.subarray(0, missing))
        if (complete === undefined) return []
        message = committedKeys(keys, complete, context)
        body = bytes.subarray(missing)
      }
      const committed = message
      return chunks.push(body).map((sealed) => open(sealed, committed))
    },
    end: () => {
      // The last chunk is always a short one, so a stream that ends on a full chunk has lost its end.
      const last = chunks.rest()
      if (message === undefined || last.length < tagBytes) throw new EnvelopeError('truncated')
      return [open(last, message)]
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

/** Cuts arriving bytes into pieces of one size, copying only what straddles a cut. */
function splitter(size: number) {
  const held = Buffer.allocUnsafe(size)
  let length = 0
  const keep = (bytes: Uint8Array) => {
    held.set(bytes, length)
    length += bytes.length
  }
  return {
    push: (bytes: Uint8Array): Uint8Array[] => {
      const pieces: Uint8Array[] = []
      let at = 0
      if (length > 0) {
        at = Math.min(size - length, bytes.length)
        keep(bytes.subarray(0, at))
        if (length < size) return pieces
        pieces.push(Buffer.from(held))
        length = 0
      }
      for (; bytes.length - at >= size; at += size) pieces.push(bytes.subarray(at, at + size))
      keep(bytes.subarray(at))
      return pieces
    },
    rest: (): Uint8Array => held.subarray(0, length),
  }
}
