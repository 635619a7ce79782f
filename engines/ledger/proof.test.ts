import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Hash, leafHash } from './merkle-hash.ts'
import { memoryLog, naiveFiles, naiveTree, sampleEntries } from './naive-log.ts'
import { consistencyProof, inclusionProof, rootFromTiles } from './proof.ts'
import { verifyConsistencyProof, verifyInclusionProof } from './verify-proof.ts'

const hex = (hashes: readonly Hash[]) => hashes.map((hash) => Buffer.from(hash).toString('hex'))
const entries = sampleEntries(66_000)
const leaves = entries.map((entry) => leafHash(entry))
const naive = naiveTree(leaves)
const headOf = (size: number) => ({ size, root: naive.root(size) })
const logOf = (size: number) => memoryLog(naiveFiles(entries.slice(0, size)))

test('every proof of every log up to 40 entries is the one RFC 6962 defines, and verifies', async () => {
  for (let size = 1; size <= 40; size += 1) {
    const { read } = logOf(size)
    const tree = headOf(size)
    for (let index = 0; index < size; index += 1) {
      const proof = await inclusionProof(read, index, size)
      assert.deepEqual(hex(proof), hex(naive.inclusionProof(index, size)))
      assert.ok(verifyInclusionProof({ tree, index, leaf: leaves[index] ?? new Uint8Array(0), proof }))
    }
    for (let older = 1; older <= size; older += 1) {
      const proof = await consistencyProof(read, older, size)
      assert.deepEqual(hex(proof), hex(naive.consistencyProof(older, size)))
      assert.ok(verifyConsistencyProof({ older: headOf(older), newer: tree, proof }))
    }
  }
})

const edges = [1, 2, 255, 256, 257, 511, 512, 513, 4096, 65_535, 65_536, 65_537, 66_000]

test('proofs across tile boundaries are those RFC 6962 defines, and verify', async () => {
  for (const size of edges) {
    const { read } = logOf(size)
    const tree = headOf(size)
    assert.deepEqual(hex([await rootFromTiles(read, size)]), hex([tree.root]))
    for (const older of edges.filter((older) => older <= size)) {
      const proof = await consistencyProof(read, older, size)
      assert.deepEqual(hex(proof), hex(naive.consistencyProof(older, size)))
      assert.ok(verifyConsistencyProof({ older: headOf(older), newer: tree, proof }))
      assert.deepEqual(hex([await rootFromTiles(read, older, size)]), hex([headOf(older).root]))
      const index = older - 1
      const path = await inclusionProof(read, index, size)
      assert.deepEqual(hex(path), hex(naive.inclusionProof(index, size)))
      assert.ok(verifyInclusionProof({ tree, index, leaf: leaves[index] ?? new Uint8Array(0), proof: path }))
    }
  }
})

const small = 700
const places = fc
  .integer({ min: 1, max: small })
  .chain((size) => fc.tuple(fc.constant(size), fc.nat({ max: size - 1 })))
const mutations = fc.record({
  kind: fc.constantFrom('flip', 'drop', 'add', 'swap', 'double'),
  at: fc.nat(),
  bit: fc.nat({ max: 255 }),
})

function mutate(
  proof: readonly Hash[],
  { kind, at, bit }: { kind: string; at: number; bit: number },
): readonly Hash[] {
  const hashes = proof.map((hash) => Uint8Array.from(hash))
  const place = at % Math.max(1, hashes.length)
  const hash = hashes[place]
  if (hash === undefined || kind === 'add') return [...hashes, new Uint8Array(32)]
  if (kind === 'drop') return hashes.toSpliced(place, 1)
  if (kind === 'double') return hashes.toSpliced(place, 0, hash)
  if (kind === 'swap') return hashes.length < 2 ? [] : [...hashes.slice(1), ...hashes.slice(0, 1)]
  hash[bit >> 3] = (hash[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return hashes
}

test('a mutated inclusion proof, leaf, root, index or size never verifies', async () => {
  await fc.assert(
    fc.asyncProperty(places, mutations, async ([size, index], mutation) => {
      const { read } = logOf(size)
      const tree = headOf(size)
      const leaf = leaves[index] ?? new Uint8Array(0)
      const proof = await inclusionProof(read, index, size)
      assert.ok(verifyInclusionProof({ tree, index, leaf, proof }))
      assert.ok(!verifyInclusionProof({ tree, index, leaf, proof: mutate(proof, mutation) }))
      assert.ok(!verifyInclusionProof({ tree, index, leaf: leaves[small] ?? leaf, proof }))
      assert.ok(!verifyInclusionProof({ tree: { size, root: leaves[small] ?? leaf }, index, leaf, proof }))
      if (size > 1) assert.ok(!verifyInclusionProof({ tree, index: (index + 1) % size, leaf, proof }))
    }),
    { numRuns: 300 },
  )
})

test('a mutated consistency proof or root never verifies', async () => {
  await fc.assert(
    fc.asyncProperty(places, mutations, async ([size, index], mutation) => {
      const { read } = logOf(size)
      const older = headOf(index + 1)
      const newer = headOf(size)
      const proof = await consistencyProof(read, older.size, size)
      assert.ok(verifyConsistencyProof({ older, newer, proof }))
      assert.ok(!verifyConsistencyProof({ older, newer, proof: mutate(proof, mutation) }))
      const other = leaves[small] ?? new Uint8Array(32)
      assert.ok(!verifyConsistencyProof({ older: { ...older, root: other }, newer, proof }))
      assert.ok(!verifyConsistencyProof({ older, newer: { ...newer, root: other }, proof }))
    }),
    { numRuns: 300 },
  )
})

test('sizes and indexes that are no such numbers are refused', async () => {
  const { read } = logOf(3)
  const tree = headOf(3)
  const leaf = leaves[0] ?? new Uint8Array(0)
  const proof = await inclusionProof(read, 0, 3)
  for (const bad of [-1, 3, 0.5, Number.NaN, Infinity, 2 ** 53]) {
    assert.ok(!verifyInclusionProof({ tree, index: bad, leaf, proof }))
    await assert.rejects(inclusionProof(read, bad, 3), { code: 'out-of-range' })
  }
  for (const bad of [-1, 0, 4, 0.5, Number.NaN, Infinity, 2 ** 53]) {
    assert.ok(!verifyConsistencyProof({ older: { ...tree, size: bad }, newer: tree, proof: [] }))
    await assert.rejects(consistencyProof(read, bad, 3), { code: 'out-of-range' })
  }
  assert.ok(!verifyInclusionProof({ tree: { ...tree, size: 2 ** 53 }, index: 0, leaf, proof }))
  assert.ok(
    !verifyInclusionProof({
      tree: { size: 1, root: new Uint8Array(0) },
      index: 0,
      leaf: new Uint8Array(0),
      proof: [],
    }),
  )
})

test('a partial tile that was cleared away is cut out of the full one', async () => {
  const { files, read } = memoryLog([
    ...naiveFiles(entries.slice(0, 300)),
    ...naiveFiles(entries.slice(0, 600)),
  ])
  const older = headOf(300)
  assert.ok(files.delete('tile/0/001.p/44'))
  assert.deepEqual(hex([await rootFromTiles(read, 300)]), hex([older.root]))
  const proof = await inclusionProof(read, 299, 300)
  assert.ok(verifyInclusionProof({ tree: older, index: 299, leaf: leaves[299] ?? new Uint8Array(0), proof }))
})

test('a tile that is missing, short or long is named', async () => {
  const { files, read } = logOf(300)
  const path = 'tile/0/001.p/44'
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(44 * 32 - 1), Buffer.alloc(44 * 32 + 32)]) {
    files.set(path, bytes)
    await assert.rejects(rootFromTiles(read, 300), { code: 'tile-malformed', path })
  }
  files.delete(path)
  await assert.rejects(rootFromTiles(read, 300), { code: 'file-missing', path })
})
