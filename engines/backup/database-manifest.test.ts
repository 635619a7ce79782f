import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { crc32c } from './crc32c.ts'
import { DatabaseManifestError, fileChecker, readDatabaseManifest } from './database-manifest.ts'
import { extractChain } from './extract.ts'
import { RepositoryError } from './model.ts'
import { testRepository } from './repository.fixture.ts'
import type { Repository } from './repository-model.ts'
import { tarOf, type WrittenEntry } from './tar.fixture.ts'

const littleEndian = (crc: number): string => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(crc)
  return bytes.toString('hex')
}

/** A `backup_manifest` of these files, laid out as PostgreSQL writes it. */
function manifestOf(files: readonly WrittenEntry[], more: Readonly<Record<string, unknown>> = {}): Buffer {
  const lines = files.map(({ name, bytes = Buffer.alloc(0) }) =>
    JSON.stringify({
      Path: name,
      Size: bytes.length,
      'Checksum-Algorithm': 'CRC32C',
      Checksum: littleEndian(crc32c(bytes)),
      ...more,
    }),
  )
  const body = `{ "PostgreSQL-Backup-Manifest-Version": 2,\n"System-Identifier": 7300000000000000001,\n"Files": [\n${lines.join(',\n')}\n],\n"WAL-Ranges": [\n{ "Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000100" }\n],\n`
  return Buffer.from(`${body}"Manifest-Checksum": "${hash('sha256', body)}"}\n`)
}

const sample: readonly WrittenEntry[] = [
  { name: 'backup_label', bytes: Buffer.from('START WAL LOCATION: 0/2000028\n') },
  { name: 'base/1/1', bytes: Buffer.alloc(20_000, 3) },
  { name: 'empty' },
]

async function backUp(
  repository: Repository,
  entries: readonly WrittenEntry[],
  databaseManifest: Buffer,
): ReturnType<Repository['manifest']> {
  const writer = await repository.startBackup({ kind: 'full', parent: null })
  const archive = writer.archive('base.tar')
  await archive.write(tarOf(entries))
  await archive.end()
  const facts = {
    driver: 'replication',
    startLsn: '0/2000028',
    endLsn: '0/2000100',
    timeline: 1,
    serverVersion: 180_004,
  }
  return (await writer.finish({ ...facts, databaseManifest })).manifest
}

function place(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'surety-extract-'))
  context.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'data')
}

suite('the manifest of PostgreSQL', () => {
  test('CRC-32C is the one of RFC 3720, in pieces as at once', () => {
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
    assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
        assert.equal(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))), crc32c(bytes))
      }),
    )
  })

  test('files, ranges and the system are read, the number of the system in full', () => {
    const read = readDatabaseManifest(manifestOf(sample))
    assert.equal(read.system, '7300000000000000001')
    assert.deepEqual([...read.files.keys()], ['backup_label', 'base/1/1', 'empty'])
    assert.deepEqual(read.walRanges, [{ timeline: 1, startLsn: '0/2000028', endLsn: '0/2000100' }])
  })

  test('every change of it is noticed', () => {
    const whole = manifestOf(sample)
    for (let at = 0; at < whole.length - 2; at++) {
      const changed = Buffer.from(whole)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      assert.throws(() => readDatabaseManifest(changed), DatabaseManifestError, `byte ${at}`)
    }
    assert.throws(() => readDatabaseManifest(whole.subarray(0, 100)), DatabaseManifestError)
    for (const more of [
      { Path: '../x' },
      { Path: '/etc/passwd' },
      { Size: -1 },
      { Size: '1' },
      { Checksum: 'xyz' },
      { 'Checksum-Algorithm': 'MD5' },
    ])
      assert.throws(
        () => readDatabaseManifest(manifestOf(sample, more)),
        DatabaseManifestError,
        JSON.stringify(more),
      )
  })

  test('a file too many, too few, too long or changed is told by name', () => {
    const read = readDatabaseManifest(manifestOf(sample))
    const flow = (entries: readonly WrittenEntry[], sizesOnly = false): string => {
      const checker = fileChecker(read, sizesOnly)
      try {
        for (const { name, bytes = Buffer.alloc(0) } of entries) {
          checker.begin(name, bytes.length)
          checker.data(bytes)
          checker.end()
        }
        checker.complete()
        return 'right'
      } catch (error) {
        assert.ok(error instanceof DatabaseManifestError)
        return error.path
      }
    }
    const changed = { name: 'base/1/1', bytes: Buffer.alloc(20_000, 4) }
    assert.equal(flow(sample), 'right')
    assert.equal(flow(sample.slice(0, 2)), 'empty')
    assert.equal(flow([...sample, { name: 'base/1/2' }]), 'base/1/2')
    assert.equal(flow([{ name: 'empty', bytes: Buffer.alloc(1) }]), 'empty')
    assert.equal(flow([sample[0] ?? changed, changed, { name: 'empty' }]), 'base/1/1')
    assert.equal(flow([sample[0] ?? changed, changed, { name: 'empty' }], true), 'right')
  })
})

suite('extracting a chain', () => {
  test('a backup becomes its files; progress ends where the archive ends', async (context) => {
    const { repository } = testRepository()
    const manifest = await backUp(repository, sample, manifestOf(sample))
    const into = place(context)
    const steps: number[] = []
    const onProgress = ({ doneBytes }: { doneBytes: number }): void => void steps.push(doneBytes)
    const result = await extractChain({
      repository,
      chain: [manifest],
      into,
      compare: 'checksums',
      onProgress,
    })
    assert.deepEqual(result, { bytes: 20_030, files: 3 })
    assert.ok(readFileSync(join(into, 'base/1/1')).equals(Buffer.alloc(20_000, 3)))
    assert.deepEqual(steps, [tarOf(sample).length])
  })

  test('an archive that is not what PostgreSQL’s manifest says stops with the object', async (context) => {
    const cases: readonly (readonly [string, readonly WrittenEntry[], Buffer, RegExp])[] = [
      [
        'a changed file',
        sample,
        manifestOf([...sample.slice(0, 2), { name: 'empty', bytes: Buffer.alloc(1) }]),
        /backup_manifest\.obj$/,
      ],
      [
        'a file of another system',
        sample,
        Buffer.from(String(manifestOf(sample)).replace('7300000000000000001', '7300000000000000002')),
        /backup_manifest\.obj$/,
      ],
      ['an archive that climbs', [{ name: '../x' }], manifestOf([]), /manifest\.note$/],
      ['no manifest at all', sample, Buffer.from('sample'), /backup_manifest\.obj$/],
    ]
    for (const [what, entries, databaseManifest, path] of cases) {
      const { repository } = testRepository()
      const manifest = await backUp(repository, entries, databaseManifest)
      await assert.rejects(extractChain({ repository, chain: [manifest], into: place(context) }), (error) => {
        assert.ok(error instanceof RepositoryError, what)
        assert.match(error.path, path, what)
        return true
      })
    }
  })
})
