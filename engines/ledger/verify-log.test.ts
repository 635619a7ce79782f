import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { appendEntries, emptyRightEdge } from './append.ts'
import { signCheckpoint } from './checkpoint.ts'
import { readEntries } from './log-reader.ts'
import { memoryLog, sampleEntries } from './naive-log.ts'
import { noteSigner } from './note-key.ts'
import { verifyLog } from './verify-log.ts'

const origin = 'sample.example/log'
const signer = noteSigner(origin, generateKeyPairSync('ed25519').privateKey)
const key = signer.verifierKey

function signedLog(entries: readonly Uint8Array[]) {
  const { tree, files } = appendEntries(emptyRightEdge(), entries)
  const note = signCheckpoint({ origin, ...tree, extensions: [] }, [signer])
  const log = memoryLog([...files, { path: 'checkpoint', bytes: Buffer.from(note) }])
  return { ...log, tree, note }
}

async function differenceIn(log: { read: Parameters<typeof verifyLog>[0] }, older?: string) {
  const verdict = await verifyLog(log.read, key, older === undefined ? {} : { older })
  return verdict.ok ? undefined : verdict.difference
}

function withBytes(log: ReturnType<typeof signedLog>, path: string, change: (bytes: Buffer) => Uint8Array) {
  const bytes = log.files.get(path)
  if (bytes === undefined) throw new Error(`log has no ${path}`)
  const changed = new Map(log.files).set(path, change(Buffer.from(bytes)))
  return { files: changed, read: (path: string) => changed.get(path) }
}

const flip = (at: number, mask: number) => (bytes: Buffer) => {
  bytes[at] = (bytes[at] ?? 0) ^ mask
  return bytes
}

for (const size of [0, 1, 255, 256, 257, 65_535, 65_536, 65_537])
  test(`an honest log of ${size} entries is found whole`, async () => {
    const log = signedLog(sampleEntries(size))
    const verdict = await verifyLog(log.read, key)
    assert.deepEqual(verdict, { ok: true, checkpoint: { origin, ...log.tree, extensions: [] } })
  })

test('every one-byte change of every file of a small log is found and the file is named', async () => {
  const log = signedLog(sampleEntries(20))
  for (const [path, bytes] of log.files)
    for (let at = 0; at < bytes.length; at += 1)
      for (const mask of [1, 128, 255]) {
        const difference = await differenceIn(withBytes(log, path, flip(at, mask)))
        assert.ok(difference, `${path} byte ${at}`)
        assert.ok(`${difference.path} ${difference.message}`.includes(path), `${path} byte ${at}`)
      }
})

test('any one-byte change of any file of a log of three levels is found and the entry is named', async () => {
  const log = signedLog(sampleEntries(66_000))
  const paths = [...log.files.keys()]
  const upper = paths.filter((path) => /^tile\/[12]|checkpoint/.test(path))
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.constantFrom(...paths), fc.constantFrom(...upper)),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (path, place, mask) => {
        const at = place % (log.files.get(path)?.length ?? 1)
        const difference = await differenceIn(withBytes(log, path, flip(at, mask)))
        assert.ok(difference, `${path} byte ${at}`)
        assert.ok(`${difference.path} ${difference.message}`.includes(path), `${path} byte ${at}`)
        assert.equal(difference.index === undefined, path === 'checkpoint')
      },
    ),
    { numRuns: 25 },
  )
})

test('a file that is missing, cut or overlong is named', async () => {
  const log = signedLog(sampleEntries(600))
  for (const path of log.files.keys()) {
    const files = new Map(log.files)
    files.delete(path)
    assert.equal((await differenceIn({ read: (path) => files.get(path) }))?.path, path)
    assert.equal((await differenceIn(withBytes(log, path, (bytes) => bytes.subarray(0, -1))))?.path, path)
    const longer = withBytes(log, path, (bytes) => Buffer.concat([bytes, Buffer.from('\n')]))
    assert.equal((await differenceIn(longer))?.path, path)
    assert.equal((await differenceIn(withBytes(log, path, () => Buffer.alloc(0))))?.path, path)
  }
})

test('the first changed entry is named by its index', async () => {
  const entries = sampleEntries(600)
  const log = signedLog(entries)
  const forged = signedLog(entries.with(300, Buffer.from('entry 3OO')).with(400, Buffer.from('entry 4OO')))
  const bundle = forged.files.get('tile/entries/001') ?? Buffer.alloc(0)
  const difference = await differenceIn(withBytes(log, 'tile/entries/001', () => bundle))
  assert.deepEqual(
    { code: difference?.code, path: difference?.path, index: difference?.index },
    {
      code: 'leaf-differs',
      path: 'tile/entries/001',
      index: 300,
    },
  )
})

test('entries rewritten together with all their tiles do not give the signed root', async () => {
  const log = signedLog(sampleEntries(600))
  const forged = signedLog(sampleEntries(600).with(0, Buffer.from('forged')))
  forged.files.set('checkpoint', Buffer.from(log.note))
  assert.equal((await differenceIn(forged))?.code, 'root-differs')
  const dropped = signedLog(sampleEntries(599))
  dropped.files.set('checkpoint', Buffer.from(log.note))
  assert.equal((await differenceIn(dropped))?.code, 'file-missing')
})

test('a tile above changed to match nothing below is named with the entries it covers', async () => {
  const log = signedLog(sampleEntries(66_000))
  const difference = await differenceIn(withBytes(log, 'tile/1/000', flip(32 * 5, 1)))
  assert.deepEqual(
    { code: difference?.code, path: difference?.path, index: difference?.index },
    {
      code: 'tile-differs',
      path: 'tile/1/000',
      index: 5 * 256,
    },
  )
})

test('a log must extend the older checkpoint: growth passes; shrinking, forking and strangers do not', async () => {
  const entries = sampleEntries(600)
  const log = signedLog(entries)
  for (const size of [0, 1, 255, 256, 257, 599, 600])
    assert.equal(await differenceIn(log, signedLog(entries.slice(0, size)).note), undefined, `from ${size}`)
  assert.equal((await differenceIn(log, signedLog(sampleEntries(601)).note))?.code, 'log-shrunk')
  for (const size of [1, 256, 599, 600]) {
    const fork = signedLog([...sampleEntries(size - 1), Buffer.from('another')])
    assert.equal((await differenceIn(log, fork.note))?.code, 'log-forked', `from ${size}`)
  }
  const stranger = noteSigner(origin, generateKeyPairSync('ed25519').privateKey)
  const strange = signCheckpoint({ origin, ...log.tree, extensions: [] }, [stranger])
  const difference = await differenceIn(log, strange)
  assert.equal(difference?.code, 'signature-missing')
  assert.match(difference?.message ?? '', /older checkpoint/)
  const nothing = signCheckpoint({ origin, size: 0, root: log.tree.root, extensions: [] }, [signer])
  assert.equal((await differenceIn(log, nothing))?.code, 'log-forked')
})

test('a log under another key or origin is refused', async () => {
  const log = signedLog(sampleEntries(3))
  const stranger = noteSigner(origin, generateKeyPairSync('ed25519').privateKey)
  const verdict = await verifyLog(log.read, stranger.verifierKey)
  assert.ok(!verdict.ok && verdict.difference.code === 'signature-missing')
  const elsewhere = await verifyLog(log.read, key, { origin: 'sample.example/other' })
  assert.ok(!elsewhere.ok && elsewhere.difference.code === 'origin-differs')
})

test('a failure of storage is thrown, not taken for a difference', async () => {
  const log = signedLog(sampleEntries(300))
  const read = (path: string) => {
    if (path.startsWith('tile/0')) throw new Error('disk is gone')
    return log.read(path)
  }
  await assert.rejects(verifyLog(read, key), /disk is gone/)
})

test('a log that grew since the checkpoint is verified, and from its full files where partial ones were cleared', async () => {
  const older = signedLog(sampleEntries(300))
  const files = new Map([...signedLog(sampleEntries(600)).files, ...older.files])
  const log = { read: (path: string) => files.get(path) }
  assert.equal(await differenceIn(log), undefined)
  assert.ok(files.delete('tile/0/001.p/44') && files.delete('tile/entries/001.p/44'))
  assert.equal(await differenceIn(log), undefined)
  const full = files.get('tile/entries/001') ?? Buffer.alloc(0)
  files.set('tile/entries/001', flip(3, 1)(Buffer.from(full)))
  assert.equal((await differenceIn(log))?.path, 'tile/entries/001')
})

test('no file is read more than twice and none beyond the checkpoint', async () => {
  const log = signedLog(sampleEntries(1000))
  const reads = new Map<string, number>()
  const read = async (path: string) => {
    reads.set(path, (reads.get(path) ?? 0) + 1)
    return log.files.get(path)
  }
  assert.ok((await verifyLog(read, key)).ok)
  assert.deepEqual([...reads.keys()].sort(), [...log.files.keys()].sort())
  assert.ok([...reads.values()].every((times) => times <= 2))
})

test('entries are read in order from any place', async () => {
  const entries = sampleEntries(600)
  const { read } = signedLog(entries)
  for (const from of [0, 1, 256, 300, 599, 600]) {
    const found: { index: number; entry: string }[] = []
    for await (const { index, entry } of readEntries(read, 600, from))
      found.push({ index, entry: Buffer.from(entry).toString() })
    assert.deepEqual(
      found,
      entries.slice(from).map((entry, at) => ({ index: from + at, entry: entry.toString() })),
    )
  }
})
