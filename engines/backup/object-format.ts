import { createSecretKey, hash, hkdfSync, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import {
  constants,
  createZstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
  type InputType,
  type ZstdOptions,
} from 'node:zlib'
import { EnvelopeError, openFile, sealedFileBytes, sealFileInto } from '../envelope/index.ts'
import { RepositoryError, type SealedObject } from './model.ts'

/** The most plain bytes that one object holds. */
export const objectBytesMax = 16 * 1024 * 1024
/** Magic (with the format's version) and the epoch's number. */
export const objectHeaderBytes = 20
/** What can be stored at most: the frame of incompressible bytes, sealed. */
export const storedBytesMax = objectBytesMax + 1024 * 1024
/** PostgreSQL's manifest has a line for each file of the cluster, and is one object all the same. */
const databaseManifestBytesMax = 256 * 1024 * 1024

function plainBytesMax(path: string): number {
  return path.endsWith('/backup_manifest.obj') ? databaseManifestBytesMax : objectBytesMax
}

const magic = Buffer.from('SBK1', 'latin1')
const unzstd = promisify(
  zstdDecompress as (
    bytes: InputType,
    options: ZstdOptions,
    done: (e: Error | null, b: Buffer) => void,
  ) => void,
)

/** An epoch of the repository: the secret from which the keys of its objects are derived. `id` is 32 hexadecimal digits. */
export interface EpochSecret {
  readonly id: string
  readonly secret: KeyObject
}

/** The object's key: HKDF-SHA-256 of the epoch's secret for this path and no other. */
function objectKey(epoch: EpochSecret, path: string): KeyObject {
  const info = Buffer.from(`surety backup object 1\0${path}`)
  return createSecretKey(Buffer.from(hkdfSync('sha256', epoch.secret, Buffer.alloc(0), info, 32)))
}

function objectContext(system: string, path: string): Buffer {
  return Buffer.from(`surety backup object 1\0${system}\0${path}`)
}

function packing(plain: Uint8Array): ZstdOptions {
  return {
    // One output buffer instead of many joined ones; incompressible bytes grow by 3 in every 128 KiB.
    chunkSize: Math.max(1024, plain.length + (plain.length >> 8) + 64),
    pledgedSrcSize: plain.length,
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  }
}

/** Compresses on this thread, which takes less processor time: all of it is there at once. */
export function packSync(plain: Uint8Array): Buffer {
  return zstdCompressSync(plain, packing(plain))
}

/** Compresses in the thread pool; several may be under way. The result has memory of its own (`giveBack`). */
export function pack(plain: Uint8Array): Promise<Buffer> {
  const stream = createZstdCompress(packing(plain))
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const pieces: Buffer[] = []
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  stream.once('error', reject)
  stream.once('end', () => resolve(joined(pieces)))
  stream.end(plain)
  return promise
}

/** The pieces as one: where each follows the one before in the same memory, as those of one output buffer do, without a copy. */
function joined(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces
  if (first === undefined) return Buffer.alloc(0)
  let end = first.byteOffset
  for (const { buffer, byteOffset, length } of pieces) {
    if (buffer !== first.buffer || byteOffset !== end) return Buffer.concat(pieces)
    end += length
  }
  return Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset)
}

/** The plain size that a zstd frame (RFC 8878 section 3.1.1) declares, or null. */
export function declaredBytes(frame: Buffer): number | null {
  if (frame.length < 6 || frame.readUInt32LE(0) !== 0xfd2fb528) return null
  const descriptor = frame.readUInt8(4)
  const single = (descriptor & 0x20) !== 0
  const at = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0)
  const length = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  if (length === 0 || frame.length < at + length) return null
  if (length === 8) return Number(frame.readBigUInt64LE(at))
  return frame.readUIntLE(at, length) + (length === 2 ? 256 : 0)
}

/** How to unpack one frame: never to more than it declares, which is never more than an object may hold. */
function unpacking(frame: Buffer, path: string): ZstdOptions & { readonly maxOutputLength: number } {
  const bytes = declaredBytes(frame)
  if (bytes === null || bytes > plainBytesMax(path)) throw new RepositoryError('damaged', path)
  // With room left over, the runtime does not ask for another buffer of this size at the end.
  return { chunkSize: Math.max(64, bytes + 1), maxOutputLength: Math.max(1, bytes) }
}

/** What was unpacked, if it is as long as its frame said. */
function requireDeclared(plain: Buffer, frame: Buffer, path: string): Buffer {
  if (plain.length !== declaredBytes(frame)) throw new RepositoryError('damaged', path)
  return plain
}

async function unpack(frame: Buffer, path: string): Promise<Buffer> {
  const options = unpacking(frame, path)
  if (declaredBytes(frame) === 0) return Buffer.alloc(0)
  const plain = await unzstd(frame, options).catch((cause: unknown) => {
    throw new RepositoryError('damaged', path, cause)
  })
  return requireDeclared(plain, frame, path)
}

function unpackSync(frame: Buffer, path: string): Buffer {
  const options = unpacking(frame, path)
  if (declaredBytes(frame) === 0) return Buffer.alloc(0)
  let plain: Buffer
  try {
    plain = zstdDecompressSync(frame, options)
  } catch (cause) {
    throw new RepositoryError('damaged', path, cause)
  }
  return requireDeclared(plain, frame, path)
}

/**
 * Gives large memory back at once: to the garbage collector it is a few bytes, so that a backup would grow, or be stopped for
 * a collection, with every object. The buffer is empty afterwards; nothing else may hold a view of it.
 */
export function giveBack(bytes: Buffer): void {
  ownMemory(bytes)?.transfer(0)
}

/** Puts bytes into other memory and gives their own back; they stay where they are if they do not fit, or there is none. */
export function putInto(bytes: Buffer, into: Buffer | undefined): Buffer {
  if (into === undefined || into.length < bytes.length) return bytes
  const put = into.subarray(0, bytes.length)
  bytes.copy(put)
  giveBack(bytes)
  return put
}

/** The memory behind a buffer; undefined where it is so small that it may be the runtime's pool, of which others hold parts, or shared. */
export function ownMemory({ buffer }: Buffer): ArrayBuffer | undefined {
  return buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize ? buffer : undefined
}

/**
 * Seals a packed frame for its epoch and its place: header, then C2SP chunked encryption. The result lies in `into` where that
 * is given; `too-large` where it does not fit, as every object fits into `storedBytesMax`.
 */
export function sealPacked(
  epoch: EpochSecret,
  system: string,
  path: string,
  packed: Uint8Array,
  into?: Buffer,
): Buffer {
  const bytes = objectHeaderBytes + sealedFileBytes(packed.length)
  // Whoever stores what lies in `into` must find it there.
  if (into !== undefined && into.length < bytes) throw new RepositoryError('too-large', path)
  const stored = into?.subarray(0, bytes) ?? Buffer.allocUnsafe(bytes)
  magic.copy(stored)
  stored.write(epoch.id, magic.length, 'hex')
  const sealed = stored.subarray(objectHeaderBytes)
  sealFileInto(objectKey(epoch, path), objectContext(system, path), packed, sealed)
  return stored
}

/** Packs and seals at most 16 MiB. */
export async function sealObject(
  epoch: EpochSecret,
  system: string,
  path: string,
  plain: Uint8Array,
): Promise<Buffer> {
  if (plain.length > plainBytesMax(path)) throw new RepositoryError('too-large', path)
  const packed = await pack(plain)
  const stored = sealPacked(epoch, system, path, packed)
  giveBack(packed)
  return stored
}

/** The epoch that a stored object names; `damaged` when it is no object of this format. */
export function epochOf(path: string, stored: Uint8Array): string {
  const header = Buffer.from(stored.buffer, stored.byteOffset, Math.min(stored.length, objectHeaderBytes))
  if (header.length < objectHeaderBytes || !header.subarray(0, 4).equals(magic))
    throw new RepositoryError('damaged', path)
  return header.toString('hex', 4)
}

/** The packed frame of stored bytes; nothing of it unless all of it is authentic and of this place. */
function openPacked(epoch: EpochSecret, system: string, path: string, stored: Uint8Array): Buffer {
  if (stored.length > plainBytesMax(path) + 1024 * 1024) throw new RepositoryError('damaged', path)
  if (epochOf(path, stored) !== epoch.id) throw new RepositoryError('foreign', path)
  try {
    const sealed = stored.subarray(objectHeaderBytes)
    return openFile([objectKey(epoch, path)], objectContext(system, path), sealed)
  } catch (cause) {
    if (!(cause instanceof EnvelopeError)) throw cause
    throw new RepositoryError(cause.code === 'commitment-mismatch' ? 'foreign' : 'damaged', path, cause)
  }
}

/** The reverse of `sealObject`; releases nothing unless all of it is authentic and of this place. */
export async function openObject(
  epoch: EpochSecret,
  system: string,
  path: string,
  stored: Uint8Array,
): Promise<Buffer> {
  const packed = openPacked(epoch, system, path, stored)
  const plain = await unpack(packed, path)
  giveBack(packed)
  return plain
}

/** `openObject` on this thread alone. */
export function openObjectSync(epoch: EpochSecret, system: string, path: string, stored: Uint8Array): Buffer {
  const packed = openPacked(epoch, system, path, stored)
  const plain = unpackSync(packed, path)
  giveBack(packed)
  return plain
}

/** What a manifest says of an object. */
export function describeObject(path: string, plainBytes: number, stored: Uint8Array): SealedObject {
  return { path, plainBytes, bytes: stored.length, sha256: hash('sha256', stored, 'hex') }
}

/** Throws `damaged` unless these are the bytes that a signed note names. */
export function requireDescribed(expected: SealedObject, stored: Uint8Array): void {
  if (stored.length !== expected.bytes || hash('sha256', stored, 'hex') !== expected.sha256)
    throw new RepositoryError('damaged', expected.path)
}
