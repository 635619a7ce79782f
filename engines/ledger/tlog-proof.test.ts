import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { appendEntries, emptyRightEdge } from './append.ts'
import { signCheckpoint } from './checkpoint.ts'
import { memoryLog, sampleEntries } from './naive-log.ts'
import { noteSigner } from './note-key.ts'
import { formatTlogProof, makeTlogProof, parseTlogProof, verifyTlogProof } from './tlog-proof.ts'

const origin = 'sample.example/log'
const signer = noteSigner(origin, generateKeyPairSync('ed25519').privateKey)
const entries = sampleEntries(300)
const { tree, files } = appendEntries(emptyRightEdge(), entries)
const { read } = memoryLog(files)
const checkpoint = signCheckpoint({ origin, ...tree, extensions: [] }, [signer])
const entryAt = (index: number) => entries[index] ?? new Uint8Array(0)

test('a proof of any entry is written, read and verified offline', async () => {
  for (const index of [0, 1, 255, 256, 298, 299]) {
    const text = formatTlogProof(await makeTlogProof(read, index, checkpoint))
    const proof = parseTlogProof(text)
    assert.equal(formatTlogProof(proof), text)
    assert.equal(verifyTlogProof(proof, entryAt(index), signer.verifierKey).size, 300)
    assert.throws(() => verifyTlogProof(proof, entryAt(index + 1), signer.verifierKey), {
      code: 'proof-invalid',
      index,
    })
  }
})

test('the file is laid out as C2SP tlog-proof lays it out', async () => {
  const proof = await makeTlogProof(read, 299, checkpoint)
  const lines = formatTlogProof({ ...proof, extra: Buffer.from('context') }).split('\n')
  assert.deepEqual(lines.slice(0, 3), ['c2sp.org/tlog-proof@v1', 'extra Y29udGV4dA==', 'index 299'])
  const blank = lines.indexOf('')
  assert.equal(blank, 3 + proof.inclusionProof.length)
  assert.equal(lines.slice(blank + 1).join('\n'), checkpoint)
})

test('extra data is carried and nothing depends on it', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (extra) => {
      const proof = { index: 0, inclusionProof: [], checkpoint, extra: Buffer.from(extra) }
      assert.deepEqual(parseTlogProof(formatTlogProof(proof)), proof)
    }),
  )
})

test('any one changed character of a proof is refused', async () => {
  const text = formatTlogProof(await makeTlogProof(read, 270, checkpoint))
  for (let at = 0; at < text.length; at += 1)
    for (const put of ['', 'A', '0', '\n', ' ', '=']) {
      const changed = text.slice(0, at) + put + text.slice(at + 1)
      if (changed === text) continue
      assert.throws(
        () => verifyTlogProof(parseTlogProof(changed), entryAt(270), signer.verifierKey),
        { name: 'LedgerError' },
        `character ${at} as ${JSON.stringify(put)}`,
      )
    }
})

test('a proof that is not exactly of the format is refused', () => {
  const head = 'c2sp.org/tlog-proof@v1\n'
  const hash = `${Buffer.alloc(32).toString('base64')}\n`
  const refused = [
    '',
    head,
    `${head}index 1\n${checkpoint}`,
    `${head}index 01\n\n${checkpoint}`,
    `${head}index -1\n\n${checkpoint}`,
    `${head}index 9007199254740992\n\n${checkpoint}`,
    `${head}index 1 \n\n${checkpoint}`,
    `${head}extra !\nindex 1\n\n${checkpoint}`,
    `${head}extra QUE\nindex 1\n\n${checkpoint}`,
    `${head}extra QQ==\n\n${checkpoint}`,
    `${head}index 1\nextra QQ==\n\n${checkpoint}`,
    `${head}index 1\nAAAA\n\n${checkpoint}`,
    `${head}index 1\n${hash.repeat(54)}\n${checkpoint}`,
    `C2SP.org/tlog-proof@v1\nindex 1\n\n${checkpoint}`,
    ` ${head}index 1\n\n${checkpoint}`,
    `${head}index 1\n\n${'x'.repeat(2_000_000)}`,
  ]
  for (const text of refused)
    assert.throws(() => parseTlogProof(text), { code: 'proof-malformed' }, text.slice(0, 60))
  assert.throws(() => formatTlogProof({ index: -1, inclusionProof: [], checkpoint }), {
    code: 'proof-malformed',
  })
})

test('a proof under another key or of another log is refused', async () => {
  const proof = await makeTlogProof(read, 5, checkpoint)
  const stranger = noteSigner(origin, generateKeyPairSync('ed25519').privateKey)
  assert.throws(() => verifyTlogProof(proof, entryAt(5), stranger.verifierKey), { code: 'signature-missing' })
  assert.throws(() => verifyTlogProof(proof, entryAt(5), signer.verifierKey, 'sample.example/other'), {
    code: 'origin-differs',
  })
})
