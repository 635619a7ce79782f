import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyRoot, entryBytesMax, leafHash, nodeHash } from './merkle-hash.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('hashes are those of RFC 6962: empty tree, empty leaf, two empty leaves', () => {
  assert.equal(hex(emptyRoot()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  const leaf = leafHash(new Uint8Array(0))
  assert.equal(hex(leaf), '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  assert.equal(
    hex(leafHash(Buffer.from([0]))),
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  )
  assert.notEqual(hex(nodeHash(leaf, leaf)), hex(leafHash(Buffer.concat([leaf, leaf]))))
})

test('an entry of 65,535 bytes is hashed and one byte more is refused', () => {
  assert.equal(leafHash(Buffer.alloc(entryBytesMax)).length, 32)
  assert.throws(() => leafHash(Buffer.alloc(entryBytesMax + 1)), { code: 'entry-too-long' })
})

test('a short entry after a long one is hashed without a trace of the long one', () => {
  const before = hex(leafHash(Buffer.from('short')))
  leafHash(Buffer.alloc(entryBytesMax, 7))
  assert.equal(hex(leafHash(Buffer.from('short'))), before)
})
