import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { packerThreads } from './object-threads.ts'
import { objectBytesMax, storedBytesMax } from './object-format.ts'
import { packHere, type ObjectPacker, type ObjectPlace } from './object-packer.ts'
import { RepositoryError, type SealedObject } from './model.ts'
import { testRepository } from './repository.fixture.ts'

const threads = packerThreads(2)
after(() => threads.close())

const place: ObjectPlace = {
  epoch: { id: '0f'.repeat(16), secret: createSecretKey(randomBytes(32)) },
  system: '1',
  path: '1/backups/sample/base.tar/000000.obj',
}

async function sealed(packer: ObjectPacker, bytes: Uint8Array): Promise<[SealedObject, Buffer]> {
  const plain = packer.memory(bytes.length)
  plain.set(bytes)
  const into = packer.memory(storedBytesMax)
  const object = await packer.seal(place, plain, into)
  return [object, Buffer.from(into.subarray(0, object.bytes))]
}

const samples = [
  Buffer.alloc(0),
  Buffer.from('sample'),
  randomBytes(70_000),
  Buffer.alloc(objectBytesMax, 'row '),
]

test('what a thread seals opens here, and what is sealed here opens on a thread', async () => {
  for (const sample of samples) {
    const [byThread, stored] = await sealed(threads, sample)
    assert.deepEqual([byThread.path, byThread.plainBytes], [place.path, sample.length])
    assert.ok((await packHere.open(place, stored, byThread)).equals(sample))
    const [here, other] = await sealed(packHere, sample)
    assert.ok((await threads.open(place, other, here)).equals(sample))
  }
})

test('policy 6.1-e: an object that is changed, of another place or of another key is refused by a thread as it is here', async () => {
  const [object, stored] = await sealed(packHere, randomBytes(40_000))
  const changed = Buffer.from(stored)
  changed[100] = (changed[100] ?? 0) ^ 1
  const elsewhere = { ...place, path: '1/backups/sample/base.tar/000001.obj' }
  const strange = { ...place, epoch: { ...place.epoch, secret: createSecretKey(randomBytes(32)) } }
  const renamed = { ...place, epoch: { ...place.epoch, id: '1e'.repeat(16) } }
  const cases: readonly [ObjectPlace, Buffer, SealedObject | undefined][] = [
    [place, changed, object],
    [place, changed, undefined],
    [place, stored.subarray(0, -1), object],
    [place, stored.subarray(0, -1), undefined],
    [place, Buffer.alloc(9), undefined],
    [elsewhere, stored, undefined],
    [strange, stored, undefined],
    [renamed, stored, undefined],
  ]
  for (const [at, bytes, expected] of cases) {
    const refusalOf = async (packer: ObjectPacker): Promise<unknown> =>
      packer.open(at, Buffer.from(bytes), expected).then(
        () => 'opened',
        (error: unknown) => (error instanceof RepositoryError ? [error.code, error.path] : error),
      )
    const refusal = await refusalOf(threads)
    assert.ok(Array.isArray(refusal))
    assert.deepEqual(refusal, await refusalOf(packHere))
  }
})

test('many objects at once each come to the one who asked', async () => {
  const plains = Array.from({ length: 20 }, (_, at) => Buffer.alloc(1000 + at, at))
  const all = await Promise.all(plains.map((plain) => sealed(threads, plain)))
  const opened = await Promise.all(all.map(([object, stored]) => threads.open(place, stored, object)))
  for (const [at, plain] of plains.entries()) assert.ok(opened[at]?.equals(plain))
})

test('what does not fit into the memory for it is refused, not put elsewhere', async () => {
  for (const packer of [threads, packHere]) {
    const plain = packer.memory(50_000)
    randomBytes(50_000).copy(plain)
    await assert.rejects(packer.seal(place, plain, packer.memory(40_000)), { code: 'too-large' })
  }
})

test('a region that is away for a whole backup costs no memory with each object', async () => {
  let pieces = 0
  const memory: ObjectPacker['memory'] = (bytes) => {
    pieces += 1
    return threads.memory(bytes)
  }
  const { repository, b } = testRepository({ packer: { ...threads, memory } })
  const writer = await repository.startBackup({ kind: 'full', parent: null })
  b.down = true
  const archive = writer.archive('base.tar')
  const zeros = Buffer.alloc(objectBytesMax)
  for (let objects = 0; objects < 24; objects++) await archive.write(zeros)
  const { objects } = await archive.end()
  assert.equal(objects.length, 24)
  assert.ok(pieces <= 12, `${pieces} pieces of memory`)
})

test('a repository with threads keeps backups that one without reads, and the other way round', async () => {
  const { repository, reopen } = testRepository({ packer: threads })
  const facts = { driver: 'replication', startLsn: '0/0', endLsn: '0/0', timeline: 1, serverVersion: 180_000 }
  const bytes = randomBytes(100_000)
  const writer = await repository.startBackup({ kind: 'full', parent: null })
  const archive = writer.archive('base.tar')
  await archive.write(bytes)
  await archive.end()
  const { manifest } = await writer.finish({ ...facts, databaseManifest: Buffer.from('{}') })
  for (const reader of [reopen({ packer: packHere }), reopen({ packer: threads })]) {
    const read: Buffer[] = []
    for await (const piece of reader.readArchive(manifest, 'base.tar')) read.push(piece)
    assert.ok(Buffer.concat(read).equals(bytes))
  }
})

test('what is asked of threads that were ended, or end meanwhile, is refused and does not hang', async () => {
  const some = packerThreads(1)
  const asked = sealed(some, randomBytes(10_000))
  const refused = assert.rejects(asked, /ended/)
  await some.close()
  await refused
  await assert.rejects(sealed(some, Buffer.alloc(1)), /ended/)
})
