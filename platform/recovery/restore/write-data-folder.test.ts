import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { RepositoryError, type BackupManifest, type SealedObject } from '#backup'
import { crc32c } from '../../../engines/backup/crc32c.ts'
import { tarOf } from '../../../engines/backup/tar.fixture.ts'
import { writeDataFolder } from './write-data-folder.ts'

const OBJECT_BYTES = 10_000

function databaseManifest(files: ReadonlyMap<string, Buffer>): Buffer {
  const listed = [...files].map(([path, bytes]) => {
    const sum = Buffer.alloc(4)
    sum.writeUInt32LE(crc32c(bytes))
    return {
      Path: path,
      Size: bytes.length,
      'Checksum-Algorithm': 'CRC32C',
      Checksum: sum.toString('hex'),
    }
  })
  const head = `{ "PostgreSQL-Backup-Manifest-Version": 1,\n"Files": ${JSON.stringify(listed)},\n"WAL-Ranges": [],\n`
  return Buffer.from(`${head}"Manifest-Checksum": "${hash('sha256', head)}"}\n`)
}

/** A backup of these files in small objects, whose bytes `change` may alter on their way. */
function restoring(files: ReadonlyMap<string, Buffer>, change: (at: number, bytes: Buffer) => void) {
  const archive = tarOf([...files].map(([name, bytes]) => ({ name, bytes })))
  const described = (path: string, plain: Buffer): SealedObject => ({
    path,
    plainBytes: plain.length,
    bytes: plain.length,
    sha256: '',
  })
  const pieces = Array.from({ length: Math.ceil(archive.length / OBJECT_BYTES) }, (_, at) =>
    archive.subarray(at * OBJECT_BYTES, (at + 1) * OBJECT_BYTES),
  )
  const listed = databaseManifest(files)
  const manifest = {
    name: 'sample',
    system: '1',
    kind: 'full',
    databaseManifest: described('listed', listed),
    archives: [{ name: 'base.tar', objects: pieces.map((bytes, at) => described(`${at}`, bytes)) }],
  } as unknown as BackupManifest
  const memories = new Set<ArrayBufferLike>()
  const object = async ({ path }: SealedObject, into?: Buffer): Promise<Buffer> => {
    const piece = pieces[Number(path)]
    if (piece === undefined || into === undefined) return Buffer.from(listed)
    memories.add(into.buffer)
    const bytes = into.subarray(0, piece.length)
    // What the object before left there must not be seen again.
    piece.copy(bytes)
    change(Number(path), bytes)
    return bytes
  }
  const never = () => Promise.reject(new Error('not read here'))
  const reading = { bad: [], object, segment: never, history: never, file: never }
  const write = (folder: string) =>
    writeDataFolder({ plan: { chain: [manifest] }, reading, folder, onProgress: () => {} })
  return { write, memories, objects: pieces.length }
}

async function place(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-data-folder-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

suite('writing a data folder', () => {
  const files = new Map([
    ['backup_label', Buffer.from('LABEL: sample\n')],
    ['base/1/1', randomBytes(8192 * 40)],
    ['base/1/2', randomBytes(8192)],
    ['base/1/3', Buffer.alloc(0)],
    ['base/1/4', randomBytes(8192 * 20)],
  ])

  test('files come out to the byte while memory is used again for every few objects', async (context) => {
    const folder = await place(context)
    const { write, memories, objects } = restoring(files, () => {})
    await write(folder)
    for (const [name, bytes] of files) assert.ok((await readFile(join(folder, name))).equals(bytes), name)
    assert.ok(objects > 40 && memories.size < 10, `${memories.size} for ${objects}`)
  })

  test('policy 6.1-a: a file that differs from its checksum stops the restore with the object in which it ended', async (context) => {
    // The first file ends in the object that begins below 8192 × 40 bytes and two headers.
    const end = Math.floor((512 + 512 + 512 + 8192 * 40) / OBJECT_BYTES)
    for (const changed of [1, end - 1]) {
      const { write } = restoring(files, (at, bytes) => {
        if (at === changed) bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000)
      })
      await assert.rejects(write(await place(context)), (error: unknown) => {
        assert.ok(error instanceof RepositoryError)
        assert.deepEqual([error.code, error.path], ['damaged', String(end)])
        assert.match(String(error.cause), /base\/1\/1: its checksum differs/)
        return true
      })
    }
  })

  test('what fails in the middle stops the restore with that failure, and no thread keeps the process', async (context) => {
    const { write } = restoring(files, (at) => {
      if (at === 12) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    })
    await assert.rejects(write(await place(context)), { code: 'ENOSPC' })
  })
})
