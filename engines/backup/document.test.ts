import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { noteSigner } from '../ledger/index.ts'
import { pagesNamed, readDocument, writeDocument } from './document.ts'
import { manifestText, readManifest } from './manifest.ts'
import { RepositoryError, type BackupManifest } from './model.ts'
import { repositoryPaths } from './paths.ts'

const system = '7300000000000000001'
const paths = repositoryPaths(system)
const signer = noteSigner('sample.example/backup', generateKeyPairSync('ed25519').privateKey)
const verifiers = [signer.verifierKey]
const name = '20260101T000000Z-full'
const path = paths.manifest(name)

function manifestWith(objects: number): BackupManifest {
  const described = (place: string) => ({
    path: place,
    plainBytes: 2 ** 24,
    bytes: 9_000_000,
    sha256: 'ab'.repeat(32),
  })
  const list = Array.from({ length: objects }, (_, at) =>
    described(paths.archiveObject(name, 'base.tar', at)),
  )
  return {
    format: 1,
    system,
    name,
    kind: 'full',
    parent: null,
    driver: 'replication',
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:10:00.000Z',
    startLsn: '16/B374D848',
    endLsn: '16/B374D948',
    timeline: 1,
    serverVersion: 180_004,
    epoch: '01'.repeat(16),
    archives: [{ name: 'base.tar', objects: list }],
    databaseManifest: described(paths.databaseManifest(name)),
  }
}

suite('signed documents', () => {
  test('a manifest of a terabyte is a note of a few pages, and comes back the same', async () => {
    const manifest = manifestWith(70_000)
    const { note, pages } = writeDocument(signer, 'manifest', path, manifestText(manifest))
    assert.ok(note.length < 2000 && pages.length === 1)
    assert.deepEqual(
      pagesNamed(verifiers, path, note),
      pages.map((page) => page.path),
    )
    const page = (named: string): Promise<Buffer> =>
      Promise.resolve(pages.find((one) => one.path === named)?.bytes ?? Buffer.alloc(0))
    const document = await readDocument(verifiers, 'manifest', path, note, page)
    assert.deepEqual(readManifest(system, name, path, document), manifest)
    const changed = (): Promise<Buffer> => Promise.resolve(Buffer.from('base.tar 1 1 x\n'))
    await assert.rejects(
      readDocument(verifiers, 'manifest', path, note, changed),
      (error) =>
        error instanceof RepositoryError && error.code === 'damaged' && error.path === pages[0]?.path,
    )
  })

  test('a manifest that could not be read back is never written', () => {
    const bad: readonly Partial<BackupManifest>[] = [
      { startLsn: 'x' },
      { driver: 'Replication' },
      { startedAt: 'yesterday' },
      { timeline: -1 },
      { epoch: '1' },
      { archives: [] },
      { archives: [{ name: '../base.tar', objects: [] }] },
      { kind: 'incremental', parent: null },
      { serverVersion: 1.5 },
    ]
    for (const part of bad) {
      const text = manifestText({ ...manifestWith(1), ...part })
      assert.throws(() => readManifest(system, name, path, text), RepositoryError, JSON.stringify(part))
    }
  })

  test('rows are strict: counts, hashes, order and number of fields', () => {
    const good = manifestText(manifestWith(2))
    const row = good.rows[0] ?? ''
    const bad = [
      `${row} `,
      `${row} 1`,
      row.replace('16777216', '016777216'),
      row.replace('16777216', '1e7'),
      row.replace('ab', 'AB'),
      row.slice(0, -1),
      'other 1 1 x',
      '',
    ]
    for (const one of bad)
      assert.throws(() => readManifest(system, name, path, { ...good, rows: [one] }), RepositoryError, one)
    const apart = [row, row.replace('base', '1'), row]
    assert.throws(() => readManifest(system, name, path, { ...good, rows: apart }), RepositoryError)
  })
})
