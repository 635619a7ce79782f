import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { appendEntries, emptyRightEdge, readRightEdge } from './append.ts'
import { leafHash } from './merkle-hash.ts'
import { memoryLog, naiveFiles, naiveTree, sampleEntries } from './naive-log.ts'

const hex = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')

function appendInBatches(entries: readonly Uint8Array[], batches: readonly number[]) {
  const log = memoryLog()
  let edge = emptyRightEdge()
  for (let from = 0, turn = 0; from < entries.length; turn += 1) {
    const batch = entries.slice(from, from + (batches[turn % batches.length] ?? 1))
    from += batch.length
    const appended = appendEntries(edge, batch)
    for (const { path, bytes } of appended.files) {
      assert.ok(!log.files.has(path), `${path} is written once`)
      log.files.set(path, bytes)
    }
    edge = appended.edge
  }
  return { ...log, edge }
}

function assertSameLog(found: ReturnType<typeof appendInBatches>, entries: readonly Uint8Array[]) {
  assert.equal(
    hex(found.edge.tree.root),
    hex(naiveTree(entries.map((entry) => leafHash(entry))).root(entries.length)),
  )
  assert.equal(found.edge.tree.size, entries.length)
  for (const { path, bytes } of naiveFiles(entries))
    assert.equal(hex(found.files.get(path)), hex(bytes), path)
}

test('any batching of any appends gives the files and the root of a recomputation from nothing', async () => {
  const sizes = fc.integer({ min: 1, max: 1200 })
  const batches = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(sizes, batches, async (size, batches) => {
      const entries = sampleEntries(size)
      const found = appendInBatches(entries, batches)
      assertSameLog(found, entries)
      assert.deepEqual(await readRightEdge(found.read, found.edge.tree), found.edge)
    }),
    { numRuns: 60 },
  )
})

test('files written on the way are those of the size they were written for', () => {
  const entries = sampleEntries(520)
  const { files } = appendInBatches(entries, [7, 100, 3])
  const expected = new Map<string, string | undefined>()
  for (let size = 1; size <= entries.length; size += 1)
    for (const { path, bytes } of naiveFiles(entries.slice(0, size))) expected.set(path, hex(bytes))
  for (const [path, bytes] of files) assert.equal(hex(bytes), expected.get(path), path)
})

for (const size of [1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537])
  test(`a log of ${size} entries is the same in one append, in 256s and over a restart`, async () => {
    const entries = sampleEntries(size)
    assertSameLog(appendInBatches(entries, [size]), entries)
    const before = appendInBatches(entries.slice(0, -1), [256])
    const again = await readRightEdge(before.read, before.edge.tree)
    const { tree, files } = appendEntries(again, entries.slice(-1))
    for (const { path, bytes } of files) before.files.set(path, bytes)
    assertSameLog({ ...before, edge: { ...before.edge, tree } }, entries)
  })

test('a log of 70,000 entries has the tiles that C2SP tlog-tiles counts', () => {
  const { files } = appendInBatches(sampleEntries(70_000), [70_000])
  const paths = [...files.keys()]
  assert.equal(paths.filter((path) => /^tile\/0\/[x0-9/]+$/.test(path)).length, 273)
  assert.equal(paths.filter((path) => /^tile\/entries\/[x0-9/]+$/.test(path)).length, 273)
  const partial = paths.filter((path) => path.includes('.p/'))
  assert.deepEqual(partial.sort(), [
    'tile/0/273.p/112',
    'tile/1/001.p/17',
    'tile/2/000.p/1',
    'tile/entries/273.p/112',
  ])
  assert.ok(files.has('tile/1/000'))
})

test('appending twice to one edge gives the same bytes, and the edge stays as it was', () => {
  const { edge } = appendInBatches(sampleEntries(300), [300])
  const more = sampleEntries(300, 300)
  const before = structuredClone(edge)
  const first = appendEntries(edge, more)
  assert.deepEqual(appendEntries(edge, more), first)
  assert.deepEqual(structuredClone(edge), before)
  assert.deepEqual(appendEntries(edge, []), { edge, tree: edge.tree, files: [] })
})

test('an entry above 65,535 bytes is refused with its index in the log', () => {
  const { edge } = appendInBatches(sampleEntries(300), [300])
  const entries = [Buffer.alloc(65_535), Buffer.alloc(65_536)]
  assert.throws(() => appendEntries(edge, entries), { code: 'entry-too-long', index: 301 })
})

test('a right edge altered in storage is never built upon', async () => {
  const { files, edge } = appendInBatches(sampleEntries(700), [700])
  const paths = ['tile/0/002.p/188', 'tile/1/000.p/2', 'tile/entries/002.p/188']
  for (const path of paths)
    for (const at of [0, 5, 31]) {
      const altered = memoryLog([...files].map(([path, bytes]) => ({ path, bytes: Uint8Array.from(bytes) })))
      const bytes = altered.files.get(path)
      if (bytes?.[at] === undefined) throw new Error(`log has no ${path}`)
      bytes[at] ^= 1
      await assert.rejects(readRightEdge(altered.read, edge.tree), /differ|hash|root|bundle/, path)
      altered.files.delete(path)
      await assert.rejects(readRightEdge(altered.read, edge.tree), { code: 'file-missing', path })
    }
  await assert.rejects(readRightEdge(memoryLog().read, { size: 3, root: edge.tree.root }), {
    code: 'file-missing',
  })
  await assert.rejects(readRightEdge(memoryLog().read, { size: 0, root: edge.tree.root }), {
    code: 'root-differs',
  })
})
