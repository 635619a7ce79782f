import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { after, before, suite, test } from 'node:test'
import {
  appendEntries,
  checkpointPath,
  emptyRightEdge,
  formatVerifierKey,
  noteSigner,
  signCheckpoint,
} from '#ledger'
import { dispatch } from './dispatch.ts'

const ENTRIES = 300
const signer = noteSigner('sample/ledger', generateKeyPairSync('ed25519').privateKey)
const vkey = formatVerifierKey(signer.verifierKey)

/** Runs `surety ledger verify` as a person would. */
async function verify(
  ...argv: string[]
): Promise<{ code: number; out: string; json: Record<string, unknown> }> {
  const said = async (more: readonly string[]): Promise<[number, string]> => {
    const lines: string[] = []
    const code = await dispatch(['ledger', 'verify', ...argv, ...more], {
      environment: { SURETY_VAR: '/nonexistent/var' },
      now: () => new Date(),
      width: 200,
      out: (line) => lines.push(line),
      err: (line) => lines.push(line),
    })
    return [code, lines.join('\n')]
  }
  const [code, out] = await said([])
  const [jsonCode, json] = await said(['--json'])
  assert.equal(jsonCode, code, 'people and programs are told the same')
  return { code, out, json: JSON.parse(json) as Record<string, unknown> }
}

async function writeLedger(folder: string, count: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, at) => Buffer.from(`sample entry ${at}`))
  const { tree, files } = appendEntries(emptyRightEdge(), entries)
  const checkpoint = signCheckpoint({ origin: 'sample/ledger', ...tree, extensions: [] }, [signer])
  const all = [
    ...files,
    { path: checkpointPath, bytes: Buffer.from(checkpoint) },
    { path: 'vkey', bytes: Buffer.from(`${vkey}\n`) },
  ]
  for (const { path, bytes } of all) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
  }
}

suite('surety ledger verify', () => {
  let home: string
  let ledger: string
  const copyOf = async (name: string): Promise<string> => {
    const copy = join(home, name)
    await cp(ledger, copy, { recursive: true })
    return copy
  }
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'surety-cli-'))
    ledger = join(home, 'ledger')
    await writeLedger(ledger, ENTRIES)
  })
  after(() => rm(home, { recursive: true }))

  test('an untouched copy is verified, with size and root', async () => {
    const { code, out, json } = await verify(ledger)
    assert.equal(code, 0)
    assert.match(out, /Entries +300\n/)
    assert.match(out, /verified/)
    assert.match(out, /from the folder itself/)
    assert.deepEqual([json['result'], json['size']], ['verified', ENTRIES])
  })

  test('the kept key is accepted, another one is not', async () => {
    assert.equal((await verify(ledger, '--vkey', vkey)).code, 0)
    const other = noteSigner('sample/ledger', generateKeyPairSync('ed25519').privateKey)
    const { code, out } = await verify(ledger, '--vkey', formatVerifierKey(other.verifierKey))
    assert.equal(code, 1)
    assert.match(out, /DIFFERENT/)
    assert.equal((await verify(ledger, '--vkey', 'no key')).code, 1)
  })

  test('policy 8.2-a.3: one flipped byte anywhere in a copy is found, and the file is named', async () => {
    const copy = await copyOf('flipped')
    const files = (await readdir(copy, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && entry.name !== 'vkey')
      .map((entry) => join(entry.parentPath, entry.name))
    assert.ok(files.length >= 5)
    for (const file of files) {
      const bytes = await readFile(file)
      const changed = Buffer.from(bytes)
      const at = Math.floor(bytes.length / 2)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      await writeFile(file, changed)
      const { code, out, json } = await verify(copy, '--vkey', vkey)
      assert.equal(code, 1, `${relative(copy, file)} was changed unseen`)
      assert.match(out, /^First +\S+/m)
      assert.equal(json['result'], 'different')
      await writeFile(file, bytes)
    }
    assert.equal((await verify(copy)).code, 0)
  })

  test('the first entry that differs is named by its number', async () => {
    const copy = await copyOf('entry')
    const file = join(copy, 'tile/entries/000')
    const bytes = await readFile(file)
    await writeFile(file, bytes.toString('latin1').replace('sample entry 77', 'forged entry 77'), 'latin1')
    const { out, json } = await verify(copy)
    assert.match(out, /entry 77/)
    assert.equal((json['difference'] as { index: number }).index, 77)
  })

  test('a missing file is a difference, not a crash', async () => {
    const copy = await copyOf('missing')
    await rm(join(copy, 'tile/entries/000'))
    const { code, out } = await verify(copy)
    assert.equal(code, 1)
    assert.match(out, /tile\/entries\/000/)
  })

  test('an older checkpoint is contained; one of a longer ledger shows that it shrank', async () => {
    const shorter = join(home, 'shorter')
    await writeLedger(shorter, 100)
    const kept = (folder: string): string => join(folder, checkpointPath)
    const { code, out } = await verify(ledger, '--older', kept(shorter))
    assert.equal(code, 0)
    assert.match(out, /older checkpoint is contained/)
    const shrunk = await verify(shorter, '--older', kept(ledger))
    assert.equal(shrunk.code, 1)
    assert.equal((shrunk.json['difference'] as { code: string }).code, 'log-shrunk')
    assert.equal((await verify(ledger, '--older', join(home, 'nothing'))).code, 1)
  })

  test('a folder without a ledger is told in one sentence', async () => {
    const { code, out } = await verify(join(home, 'nowhere'))
    assert.equal(code, 1)
    assert.match(out, /^There is no ledger in /)
    assert.equal(out.split('\n').length, 1)
  })
})
