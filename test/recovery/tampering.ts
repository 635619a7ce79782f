/** Every way to change a repository behind its back that we know of: each must be refused with the name of the object. */
import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { noteSigner, openNote, signNote } from '#ledger'
import { sealObject } from '../../engines/backup/object-format.ts'
import { testRepository, testWrapping, writeBackup } from '../../engines/backup/repository.fixture.ts'
import { refusalOf, sampleRepository, type Sample, type Stored } from './tampered-repository.ts'

/** A change, and the object whose name the refusal must carry. */
interface Tampering {
  readonly name: string
  readonly path: string
  readonly change: (objects: Stored) => void
}

const HEADER = 20
const MESSAGE = HEADER + 56
const CHUNK = 16_384 + 16

function edit(path: string, how: (bytes: Buffer) => Buffer): Tampering['change'] {
  return (objects) => {
    const object = objects.get(path)
    if (object === undefined) throw new Error(`${path} is not there to be changed`)
    objects.set(path, { ...object, bytes: how(Buffer.from(object.bytes)) })
  }
}

const flip =
  (at: number, bit: number) =>
  (bytes: Buffer): Buffer => {
    const place = at < 0 ? bytes.length + at : at
    bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << bit), place)
    return bytes
  }

/** One object of each kind that is sealed. */
function sealedKinds({ objects }: Sample): readonly (readonly [string, string])[] {
  const find = (pattern: RegExp): string =>
    [...objects.keys()].toSorted().find((path) => pattern.test(path)) ?? ''
  return [
    ['archive', find(/-full\/base\.tar\/000000\.obj$/)],
    ['tablespace', find(/-incr\/16384\.tar\/000000\.obj$/)],
    ['database manifest', find(/backup_manifest\.obj$/)],
    ['segment', find(/[0-9A-F]{24}\.obj$/)],
    ['piece', find(/\.tail$/)],
    ['history', find(/\.history\.obj$/)],
    ['file', find(/\/files\//)],
  ]
}

function sealedTampering(sample: Sample): Tampering[] {
  return sealedKinds(sample).flatMap(([kind, path]) => {
    const bytes = sample.objects.get(path)?.bytes ?? Buffer.alloc(0)
    const lastChunk = MESSAGE + Math.floor((bytes.length - MESSAGE) / CHUNK) * CHUNK
    const several = lastChunk >= MESSAGE + 2 * CHUNK
    const places = [
      0,
      3,
      4,
      12,
      19,
      20,
      43,
      44,
      75,
      76,
      80,
      Math.floor(bytes.length / 2),
      lastChunk,
      -17,
      -16,
      -1,
    ]
    const flips = places.map((at, bit) => ({
      name: `${kind}: bit ${bit % 8} of byte ${at}`,
      path,
      change: edit(path, flip(at, bit % 8)),
    }))
    const cuts = [0, 1, HEADER, MESSAGE, MESSAGE + 16, lastChunk, bytes.length - 1].map((length) => ({
      name: `${kind}: cut to ${length} bytes`,
      path,
      change: edit(path, (whole) => whole.subarray(0, length)),
    }))
    const more = {
      'a byte more': (whole: Buffer) => Buffer.concat([whole, Buffer.alloc(1)]),
      'its last piece twice': (whole: Buffer) => Buffer.concat([whole, whole.subarray(lastChunk)]),
      'itself twice': (whole: Buffer) => Buffer.concat([whole, whole]),
      ...(several ? reordered : {}),
    }
    const others = Object.entries(more).map(([what, how]) => ({
      name: `${kind}: ${what}`,
      path,
      change: edit(path, how),
    }))
    return [
      ...flips,
      ...cuts,
      ...others,
      { name: `${kind}: removed`, path, change: (objects: Stored) => void objects.delete(path) },
    ]
  })
}

const chunkOf = (bytes: Buffer, index: number): Buffer =>
  bytes.subarray(MESSAGE + index * CHUNK, MESSAGE + (index + 1) * CHUNK)

const reordered = {
  'two pieces exchanged': (bytes: Buffer) =>
    Buffer.concat([
      bytes.subarray(0, MESSAGE),
      chunkOf(bytes, 1),
      chunkOf(bytes, 0),
      bytes.subarray(MESSAGE + 2 * CHUNK),
    ]),
  'a piece twice': (bytes: Buffer) =>
    Buffer.concat([bytes.subarray(0, MESSAGE + CHUNK), bytes.subarray(MESSAGE)]),
  'a piece left out': (bytes: Buffer) =>
    Buffer.concat([bytes.subarray(0, MESSAGE), bytes.subarray(MESSAGE + CHUNK)]),
}

/** Objects in each other's places, from elsewhere, and sealed anew by a stranger. */
async function exchangedTampering(sample: Sample): Promise<Tampering[]> {
  const kinds = sealedKinds(sample)
  const { foreign, stranger } = await strangers()
  const found: Tampering[] = []
  for (const [at, [kind, path]] of kinds.entries()) {
    for (const [otherKind, other] of kinds.filter((_, index) => index !== at)) {
      const there = sample.objects.get(other)?.bytes ?? Buffer.alloc(0)
      found.push({ name: `${kind}: replaced by ${otherKind}`, path, change: edit(path, () => there) })
    }
    const sealed = await sealObject(
      { id: stranger, secret: createSecretKey(randomBytes(32)) },
      sample.system,
      path,
      randomBytes(90),
    )
    found.push({ name: `${kind}: of another system`, path, change: edit(path, () => foreign) })
    found.push({ name: `${kind}: sealed by a stranger`, path, change: edit(path, () => sealed) })
    const epoch = sample.objects.get(path)?.bytes.subarray(4, HEADER) ?? Buffer.alloc(16)
    const claimed = await sealObject(
      { id: epoch.toString('hex'), secret: createSecretKey(randomBytes(32)) },
      sample.system,
      path,
      randomBytes(90),
    )
    found.push({
      name: `${kind}: sealed by a stranger in the name of its epoch`,
      path,
      change: edit(path, () => claimed),
    })
  }
  return found
}

async function strangers(): Promise<{ foreign: Buffer; stranger: string }> {
  const other = testRepository({ system: '7300000000000000002' })
  await writeBackup(other.repository, { 'base.tar': randomBytes(1000) })
  const foreign = [...other.a.objects].find(([path]) => path.endsWith('/000000.obj'))?.[1].bytes
  if (foreign === undefined) throw new Error('the other system has no object')
  return { foreign, stranger: randomBytes(16).toString('hex') }
}

/** Notes of each kind: changed, unsigned, signed by others, of other places, and signed by us with more than they may hold. */
function noteTampering(sample: Sample): Tampering[] {
  const { signer, verifiers } = sample.made.options
  if (signer === undefined) throw new Error('the sample has a signer')
  const notes = [...sample.objects.keys()].filter((path) => path.endsWith('.note')).toSorted()
  const forger = noteSigner(signer.verifierKey.name, generateKeyPairSync('ed25519').privateKey)
  const resigned =
    (how: (text: string) => string, by = signer) =>
    (bytes: Buffer): Buffer =>
      Buffer.from(signNote(how(openNote(bytes, verifiers).text), [by]))
  const head =
    (how: (head: string) => string) =>
    (text: string): string => {
      const [title, line = '', ...rows] = text.split('\n')
      return [title, how(line), ...rows].join('\n')
    }
  return notes.flatMap((path) => {
    const length = sample.objects.get(path)?.bytes.length ?? 0
    const flips = [0, 8, 20, 25, 40, 60, 90, Math.floor(length / 2), length - 100, -90, -60, -30, -2, -1]
    const ways: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
      'without its signature': (bytes) => bytes.subarray(0, bytes.lastIndexOf('\n\n') + 2),
      'cut in the middle': (bytes) => bytes.subarray(0, bytes.length / 2),
      empty: () => Buffer.alloc(0),
      'a line more': (bytes) => Buffer.concat([bytes, Buffer.from('more\n')]),
      'signed by another key of the same name': resigned((text) => text, forger),
      'of another kind': resigned((text) => text.replace(/^surety backup 1 \w+/, 'surety backup 1 other')),
      'of another format': resigned((text) => text.replace('surety backup 1', 'surety backup 2')),
      'of another system': resigned((text) => text.replace(sample.system, '7300000000000000002')),
      'with an unknown field': resigned(head((line) => line.replace(/\}$/, ',"more":1}'))),
      'with a field twice': resigned(head((line) => line.replace(/\}$/, ',"format":1}'))),
      'with a space': resigned(head((line) => line.replace('{', '{ '))),
      'without a field': resigned(head((line) => line.replace(/"format":1,/, ''))),
      'that is no object': resigned(head(() => '[]')),
      'that is no JSON': resigned(head(() => 'sample')),
      'with a row more': resigned((text) => `${text}base.tar 1 1 x\n`),
    }
    const others = notes.filter((other) => other !== path).slice(0, 4)
    return [
      ...flips.map((at, bit) => ({
        name: `note: bit ${bit % 8} of byte ${at}`,
        path,
        change: edit(path, flip(at, bit % 8)),
      })),
      ...Object.entries(ways).map(([what, how]) => ({
        name: `note: ${what}`,
        path,
        change: edit(path, how),
      })),
      ...others.map((other) => ({
        name: `note: replaced by the older or other ${other}`,
        path,
        change: edit(path, () => sample.objects.get(other)?.bytes ?? Buffer.alloc(0)),
      })),
      { name: 'note: removed', path, change: (objects: Stored) => void objects.delete(path) },
    ]
  })
}

/** Wraps of the secrets of epochs, which anybody could write who knows the public key. */
async function wrapTampering(sample: Sample): Promise<Tampering[]> {
  const { wrapper } = sample.made.options
  if (wrapper === undefined) throw new Error('the sample has a wrapper')
  const wraps = [...sample.objects.keys()].filter((path) => path.endsWith('.age')).toSorted()
  const forged = Buffer.from(await wrapper.wrap(randomBytes(32)))
  const short = Buffer.from(await wrapper.wrap(randomBytes(16)))
  const strange = Buffer.from(await testWrapping().wrapper.wrap(randomBytes(32)))
  return wraps.flatMap((path, at) => {
    const other = sample.objects.get(wraps[(at + 1) % wraps.length] ?? '')?.bytes ?? Buffer.alloc(0)
    const newer = path.replace('/0001.age', '/0002.age')
    const add = (objects: Stored): void => {
      const object = objects.get(path)
      if (object !== undefined) objects.set(newer, { ...object, bytes: forged })
    }
    const ways: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
      'a changed bit': flip(20, 3),
      cut: (bytes) => bytes.subarray(0, 20),
      'of another epoch': () => other,
      'of a secret of a forger': () => forged,
      'of a short secret': () => short,
      'to another key': () => strange,
    }
    return [
      ...Object.entries(ways).map(([what, how]) => ({
        name: `wrap: ${what}`,
        path,
        change: edit(path, how),
      })),
      { name: 'wrap: removed', path, change: (objects: Stored) => void objects.delete(path) },
      { name: 'wrap: a forged newer one beside it', path: newer, change: add },
    ]
  })
}

/** Changes a repository in every known way; `failed` are those that were not refused, or not by the name of the object. */
export async function conformTampering(): Promise<{
  readonly passed: number
  readonly failed: readonly string[]
}> {
  const sample = await sampleRepository()
  const failed: string[] = []
  if ((await refusalOf(sample, () => {})) !== null) failed.push('a repository that nobody changed is refused')
  const all = [
    ...sealedTampering(sample),
    ...(await exchangedTampering(sample)),
    ...noteTampering(sample),
    ...(await wrapTampering(sample)),
  ]
  for (const { name, path, change } of all) {
    const refusal = await refusalOf(sample, change)
    if (refusal === null) failed.push(`${name} (${path}) was not noticed`)
    else if (refusal.path !== path) failed.push(`${name} (${path}) was told of ${refusal.message}`)
  }
  const stranger = await refusalOf(sample, () => {}, testWrapping().opener)
  if (stranger?.code !== 'no-key') failed.push('another private key opens the repository')
  return { passed: all.length + 2 - failed.length, failed }
}
