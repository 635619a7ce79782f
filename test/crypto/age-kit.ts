/** The age format's published test kit (c2sp.org/CCTV/age) against the library that seals backups' keys. */
import { createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { armor, Decrypter } from 'age-encryption'
import * as kit from 'cctv-age'
import type { Conformance } from '../../engines/envelope/wycheproof.ts'

const PIECE_BYTES = 1000
/** Of the format's payload (STREAM). */
const CHUNK_BYTES = 65_536
const TAG_BYTES = 16

interface AgeCase {
  readonly fields: ReadonlyMap<string, readonly string[]>
  readonly file: Uint8Array
}

/** A case is `key: value` lines, an empty line and the file, which may be compressed. */
function readCase(bytes: Uint8Array): AgeCase {
  const all = Buffer.from(bytes)
  const end = all.indexOf('\n\n')
  if (end < 0) throw new Error('a case of the kit has no head')
  const fields = new Map<string, string[]>()
  for (const line of all.toString('utf8', 0, end).split('\n')) {
    const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line) ?? []
    fields.set(name, [...(fields.get(name) ?? []), value])
  }
  const file = all.subarray(end + 2)
  return { fields, file: fields.has('compressed') ? inflateSync(file) : file }
}

/** In pieces shorter than a chunk of the format: a stream that fails forgets what it has not handed over yet. */
function inPieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(Uint8Array.from(bytes.subarray(at, (at += PIECE_BYTES))))
    },
  })
}

/** What the library made of a file: all that it released, and whether it reached the end. */
interface Opened {
  readonly whole: boolean
  readonly released: Buffer
}

async function opened({ fields }: AgeCase, bytes: Uint8Array): Promise<Opened> {
  const decrypter = new Decrypter()
  for (const identity of fields.get('identity') ?? []) decrypter.addIdentity(identity)
  for (const passphrase of fields.get('passphrase') ?? []) decrypter.addPassphrase(passphrase)
  const released: Uint8Array[] = []
  try {
    for await (const piece of await decrypter.decrypt(inPieces(bytes))) released.push(piece)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { whole: false, released: Buffer.concat(released) }
  }
  return { whole: true, released: Buffer.concat(released) }
}

/**
 * The chunk of a payload that the library held back when it failed, opened here with the key that the kit tells; it may be a last
 * one in the middle.
 */
function heldBack(fileKey: string, bytes: Uint8Array, releasedBytes: number): Buffer {
  const file = Buffer.from(bytes)
  const nonceAt = file.indexOf('\n', file.indexOf('\n--- ') + 1) + 1
  const salt = file.subarray(nonceAt, nonceAt + 16)
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(fileKey, 'hex'), salt, 'payload', 32))
  const index = releasedBytes / CHUNK_BYTES
  const at = nonceAt + 16 + index * (CHUNK_BYTES + TAG_BYTES)
  const sealed = file.subarray(at, at + CHUNK_BYTES + TAG_BYTES)
  for (const last of [0, 1]) {
    const nonce = Buffer.alloc(12)
    nonce.writeUInt32BE(index, 7)
    nonce[11] = last
    const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    const plain = decipher.update(sealed.subarray(0, -TAG_BYTES))
    try {
      decipher.final()
      return plain
    } catch {
      // Not this kind of chunk.
    }
  }
  return Buffer.alloc(0)
}

function unarmored({ fields, file }: AgeCase): Uint8Array | undefined {
  if (!fields.has('armored')) return file
  try {
    return armor.decode(Buffer.from(file).toString('latin1'))
  } catch {
    return undefined
  }
}

async function agrees(one: AgeCase): Promise<boolean> {
  const [expected] = one.fields.get('expect') ?? []
  const bytes = unarmored(one)
  if (bytes === undefined) return expected === 'armor failure'
  const { whole, released } = await opened(one, bytes)
  if (whole !== (expected === 'success')) return false
  const [payload] = one.fields.get('payload') ?? []
  const [fileKey] = one.fields.get('file key') ?? []
  // Before a failure nothing but the true beginning may be released; the last chunk of it may be held back until the next came.
  if (payload === undefined) return released.length === 0
  if (sha256(released) === payload) return true
  if (whole || fileKey === undefined) return false
  return sha256(released, heldBack(fileKey, bytes, released.length)) === payload
}

function sha256(...parts: readonly Buffer[]): string {
  return createHash('sha256').update(Buffer.concat(parts)).digest('hex')
}

/** Runs every case of the kit, or those whose names begin with one of these. */
export async function conformAge(beginnings: readonly string[] = ['']): Promise<Conformance> {
  const failed: string[] = []
  let passed = 0
  for (const [name, bytes] of Object.entries(kit)) {
    if (!beginnings.some((start) => name.startsWith(start))) continue
    if (await agrees(readCase(bytes))) passed += 1
    else failed.push(`age ${name}`)
  }
  if (passed === 0) failed.push('the kit of age holds no case')
  return { passed, refused: 0, failed }
}
