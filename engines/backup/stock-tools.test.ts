import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { formatVerifierKey, noteSigner } from '../ledger/index.ts'
import type { MemoryStore } from './memory-store.fixture.ts'
import { testRepository, writeBackup } from './repository.fixture.ts'
import { segmentName } from './wal-names.ts'

const program = fileURLToPath(new URL('../../docs/runbooks/open-backup.mjs', import.meta.url))

function run(...args: string[]): Promise<{ code: number; out: Buffer; error: string }> {
  return new Promise((resolve) => {
    const options = { encoding: 'buffer', maxBuffer: 2 ** 26 } as const
    execFile(process.execPath, [program, ...args], options, (error, out, said) =>
      resolve({ code: Number(error?.code ?? 0), out, error: String(said) }),
    )
  })
}

/** A store as a folder, as it comes out of any copying tool. */
function folderOf(context: TestContext, store: MemoryStore): string {
  const folder = mkdtempSync(join(tmpdir(), 'surety-stock-'))
  context.after(() => rmSync(folder, { recursive: true }))
  for (const [path, { bytes }] of store.objects) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  return folder
}

suite('recovery with stock tools', () => {
  test('the program of the runbook opens archives, the log and PostgreSQL’s manifest with the secret of their epoch', async (context) => {
    const { repository, options, a, clock } = testRepository()
    const bytes = Buffer.concat([Buffer.alloc(17 * 2 ** 20, 'rows '), randomBytes(70_000)])
    const { manifest } = await writeBackup(repository, { 'base.tar': bytes })
    const segment = segmentName(1, 2n, 2 ** 24)
    await repository.putTail(segment, 0, Buffer.from('first, '))
    await repository.putTail(segment, 7, Buffer.from('second'))
    clock.advanceSeconds(3600)
    await repository.putSegment(segmentName(1, 3n, 2 ** 24), Buffer.alloc(2 ** 24, 5))
    const store = folderOf(context, a)
    const { system, opener, signer } = options
    assert.ok(opener !== undefined && signer !== undefined)
    const wrapped = a.objects.get(`${system}/epochs/${manifest.epoch}/0001.age`)?.bytes ?? Buffer.alloc(0)
    const secret = join(store, 'epoch.secret')
    writeFileSync(secret, await opener.open(wrapped, ''))

    const note = `${system}/backups/${manifest.name}/manifest.note`
    const key = formatVerifierKey(signer.verifierKey)
    const archive = await run('archive', secret, store, note, 'base.tar', key)
    assert.equal(archive.error, '')
    assert.ok(archive.out.equals(bytes))
    const stranger = formatVerifierKey(
      noteSigner(signer.verifierKey.name, generateKeyPairSync('ed25519').privateKey).verifierKey,
    )
    const refused = await run('archive', secret, store, note, 'base.tar', stranger)
    assert.deepEqual([refused.code, refused.out.length], [1, 0])
    assert.match(refused.error, /not signed by this key/)

    const database = await run('objects', secret, store, manifest.databaseManifest.path)
    assert.equal(String(database.out), '{"sample": true}')
    const tails = [...a.objects.keys()].filter((path) => path.endsWith('.tail')).toSorted()
    assert.equal(String((await run('objects', secret, store, ...tails)).out), 'first, second')

    const later = `${system}/wal/00000001/${segmentName(1, 3n, 2 ** 24)}.obj`
    assert.notEqual(String((await run('epoch', store, later)).out).trim(), manifest.epoch)
    assert.equal(String((await run('epoch', store, tails[0] ?? '')).out).trim(), manifest.epoch)
    assert.match((await run('objects', secret, store, later)).error, /another secret/)
  })

  test('the program writes nothing of an object that was changed, cut or moved', async (context) => {
    const { repository, options, a } = testRepository()
    const { manifest } = await writeBackup(repository, { 'base.tar': randomBytes(40_000) })
    const { opener, system } = options
    assert.ok(opener !== undefined)
    const path = manifest.archives[0]?.objects[0]?.path ?? ''
    const object = a.objects.get(path)
    assert.ok(object !== undefined)
    const changed = Buffer.from(object.bytes)
    changed.writeUInt8(changed.readUInt8(20_000) ^ 1, 20_000)
    const cut = object.bytes.subarray(0, 76 + 16_400)
    const moved = path.replace('base.tar', '1.tar')
    for (const [at, bytes] of [
      [path, changed],
      [path, cut],
      [moved, object.bytes],
    ] as const) {
      const before = new Map(a.objects)
      a.objects.set(at, { ...object, bytes })
      const store = folderOf(context, a)
      const wrapped = a.objects.get(`${system}/epochs/${manifest.epoch}/0001.age`)?.bytes ?? Buffer.alloc(0)
      writeFileSync(join(store, 'epoch.secret'), await opener.open(wrapped, ''))
      const { code, out } = await run('objects', join(store, 'epoch.secret'), store, at)
      assert.deepEqual([code, out.length], [1, 0])
      a.objects.clear()
      for (const [name, kept] of before) a.objects.set(name, kept)
    }
  })
})
