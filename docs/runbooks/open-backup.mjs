// Opens the objects of a backup repository with Node alone (22.15 or newer): no package, no part of the product.
//
//   node open-backup.mjs archive SECRET STORE SYSTEM/backups/NAME/manifest.note base.tar [VERIFIER-KEY] > base.tar
//   node open-backup.mjs objects SECRET STORE SYSTEM/wal/00000001/SEGMENT.obj [PATH…] > SEGMENT
//   node open-backup.mjs epoch STORE PATH
//
// SECRET is the file of 32 bytes that `age -d -i IDENTITY SYSTEM/epochs/EPOCH/NNNN.age` gives; STORE the folder in which the
// repository lies (a bucket copied there). `epoch` says which epoch an object belongs to. Nothing is written unless it is authentic.
import {
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  hkdfSync,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'

const HEADER = 20
const CHUNK = 16_384
const LABEL = Buffer.from('surety backup object 1\0')

function fail(why) {
  console.error(why)
  process.exit(1)
}

/** Which epoch an object was sealed under: the header is `SBK1` and sixteen bytes. */
function epochOf(path, stored) {
  if (stored.length < HEADER || stored.toString('latin1', 0, 4) !== 'SBK1')
    fail(`${path} is no object of a backup repository`)
  return stored.toString('hex', 4, HEADER)
}

/** HKDF-Expand of RFC 5869 with SHA-512. */
function expand(key, info, length) {
  const blocks = []
  for (let counter = 1, block = Buffer.alloc(0); blocks.length * 64 < length; counter++) {
    block = createHmac('sha512', key)
      .update(block)
      .update(info)
      .update(Buffer.from([counter]))
      .digest()
    blocks.push(block)
  }
  return Buffer.concat(blocks).subarray(0, length)
}

/** C2SP chunked encryption with AES-256-GCM: salt, commitment, then pieces of 16 KiB of which the last is shorter. */
function openChunks(path, key, context, sealed) {
  const salt = sealed.subarray(0, 24)
  const label = Buffer.from('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0')
  const derived = expand(key, Buffer.concat([label, salt, context]), 76)
  const commitment = sealed.subarray(24, 56)
  if (commitment.length < 32 || !timingSafeEqual(commitment, derived.subarray(44)))
    fail(`${path} was sealed with another secret or lies in another's place`)
  const plain = []
  for (let index = 0, at = 56; ; index++, at += CHUNK + 16) {
    const piece = sealed.subarray(at, at + CHUNK + 16)
    if (piece.length < 16) fail(`${path} was cut`)
    const nonce = Buffer.from(derived.subarray(32, 44))
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ index) >>> 0, 8)
    const decipher = createDecipheriv('aes-256-gcm', derived.subarray(0, 32), nonce, { authTagLength: 16 })
    decipher.setAuthTag(piece.subarray(-16))
    try {
      plain.push(decipher.update(piece.subarray(0, -16)), decipher.final())
    } catch {
      fail(`${path} was changed`)
    }
    if (piece.length < CHUNK + 16) return Buffer.concat(plain)
  }
}

/** The plain bytes of an object; its key and its context follow from its path. */
function openObject(secret, path, stored) {
  epochOf(path, stored)
  const key = Buffer.from(
    hkdfSync('sha256', secret, Buffer.alloc(0), Buffer.concat([LABEL, Buffer.from(path)]), 32),
  )
  const context = Buffer.concat([LABEL, Buffer.from(`${path.split('/')[0]}\0${path}`)])
  const packed = openChunks(path, key, context, stored.subarray(HEADER))
  return zstdDecompressSync(packed, { maxOutputLength: 256 * 1024 * 1024 })
}

/** Throws unless a signature line of the note is of this verifier key: `name+id+base64 of 0x01 and the Ed25519 key`. */
function checkNote(note, verifierKey) {
  const [name, id, encoded] = verifierKey.split(/\+(.{8})\+/)
  const key = Buffer.from(encoded ?? '', 'base64')
  if (key.length !== 33 || key[0] !== 1) fail('the verifier key is none of Ed25519')
  const x = key.subarray(1).toString('base64url')
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const end = note.lastIndexOf('\n\n')
  const text = Buffer.from(note.slice(0, end + 1))
  const signed = note
    .slice(end + 2)
    .split('\n')
    .filter((line) => line.startsWith(`— ${name} `))
    .map((line) => Buffer.from(line.split(' ')[2] ?? '', 'base64'))
    .some((bytes) => bytes.toString('hex', 0, 4) === id && verify(null, text, publicKey, bytes.subarray(4)))
  if (!signed) fail('the manifest is not signed by this key')
}

/** Rows `ARCHIVE PLAIN-BYTES BYTES SHA-256` of a manifest, from its pages (`@PATH BYTES SHA-256`) where it has some. */
function rowsOf(store, note) {
  const rows = note
    .slice(0, note.lastIndexOf('\n\n') + 1)
    .split('\n')
    .slice(2, -1)
  return rows.flatMap((row) => {
    if (!row.startsWith('@')) return [row]
    const [path, , sha256] = row.slice(1).split(' ')
    const page = readFileSync(join(store, path))
    if (createHash('sha256').update(page).digest('hex') !== sha256) fail(`${path} is not what was signed`)
    return page.toString().split('\n').slice(0, -1)
  })
}

function write(bytes) {
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at)
}

function archive([secretFile, store, manifest, name, verifierKey]) {
  const note = readFileSync(join(store, manifest), 'utf8')
  if (verifierKey === undefined) console.error('without a verifier key nobody knows who wrote this manifest')
  else checkNote(note, verifierKey)
  const secret = readFileSync(secretFile)
  const rows = rowsOf(store, note).filter((row) => row.startsWith(`${name} `))
  if (rows.length === 0) fail(`the backup has no archive ${name}`)
  for (const [index, row] of rows.entries()) {
    const path = `${manifest.replace(/\/manifest\.note$/, '')}/${name}/${String(index).padStart(6, '0')}.obj`
    const [, plainBytes, , sha256] = row.split(' ')
    const stored = readFileSync(join(store, path))
    if (createHash('sha256').update(stored).digest('hex') !== sha256) fail(`${path} is not what was signed`)
    const plain = openObject(secret, path, stored)
    if (plain.length !== Number(plainBytes)) fail(`${path} is not as long as was signed`)
    write(plain)
  }
}

const [command, ...rest] = process.argv.slice(2)
if (command === 'archive' && rest.length >= 4) archive(rest)
else if (command === 'objects' && rest.length >= 3) {
  const [secretFile, store, ...paths] = rest
  const secret = readFileSync(secretFile)
  for (const path of paths) write(openObject(secret, path, readFileSync(join(store, path))))
} else if (command === 'epoch' && rest.length === 2) {
  const [store, path] = rest
  console.log(epochOf(path, readFileSync(join(store, path))))
} else
  fail(
    'archive SECRET STORE MANIFEST ARCHIVE [VERIFIER-KEY], objects SECRET STORE PATH…, or epoch STORE PATH',
  )
