import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { fakeClock } from '../../kernel/clock.ts'
import { openFolderStore } from './folder-store.ts'
import { collected, storeContract } from './store-contract.fixture.ts'

suite('a folder as a store', () => {
  let root: string
  let stores = 0
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'surety-store-'))
  })
  after(() => rm(root, { recursive: true, force: true }))

  const opened = async () => {
    const clock = fakeClock()
    const folder = join(root, `store-${stores++}`)
    return { clock, folder, store: await openFolderStore({ region: 'region-a', folder, clock }) }
  }
  for (const { says, run } of storeContract)
    test(says, async () => {
      const { clock, store } = await opened()
      await run({ store, now: clock.now, advanceSeconds: clock.advanceSeconds, under: '', runs: 40 })
    })

  test('objects are plain read-only files that stock tools read', async () => {
    const { folder, store } = await opened()
    await store.put('s/keyring/a.age', Buffer.from('sealed'), { retainUntil: null })
    const file = join(folder, 'objects/s/keyring/a.age')
    assert.equal((await readFile(file)).toString(), 'sealed')
    assert.equal((await stat(file)).mode & 0o777, 0o400)
    assert.equal((await stat(join(folder, 'objects'))).mode & 0o077, 0)
  })

  test('a disk that is full keeps nothing of the object that it refused, and takes one that fits', async () => {
    const program = `
      import { readdir } from 'node:fs/promises'
      import { fakeClock } from '${new URL('../../kernel/clock.ts', import.meta.url).href}'
      import { openFolderStore } from '${new URL('./folder-store.ts', import.meta.url).href}'
      const folder = process.argv[1]
      const store = await openFolderStore({ region: 'region-a', folder, clock: fakeClock() })
      const put = (path, bytes) => store.put(path, Buffer.alloc(bytes), { retainUntil: null }).then(() => 'taken', ({ code }) => code)
      const said = [await put('large', 200_000), await put('small', 1000)]
      console.log(JSON.stringify([...said, await readdir(folder + '/writing'), await readdir(folder + '/objects')]))`
    // A limit on the length of files stands in for the end of the disk: the write breaks off inside of the object.
    const limited = ['-c', 'trap "" XFSZ; ulimit -f 64; exec "$@"', 'bash', process.execPath]
    const run = [...limited, '--input-type=module', '-e', program, join(root, `store-${stores++}`)]
    const { stdout } = await promisify(execFile)('bash', run)
    assert.deepEqual(JSON.parse(stdout), ['unreachable', 'taken', [], ['small']])
  })

  test('a folder that went away is unreachable, not empty', async () => {
    const { folder, store } = await opened()
    await store.put('a', Buffer.from('a'), { retainUntil: null })
    await rename(folder, `${folder}.away`)
    assert.deepEqual(await store.faults(), [{ kind: 'away', says: 'the folder of region-a is not there' }])
    await assert.rejects(store.get('a'), { code: 'unreachable' })
    await assert.rejects(store.head('a'), { code: 'unreachable' })
    await assert.rejects(collected(store.list('')), { code: 'unreachable' })
    await assert.rejects(store.put('b', Buffer.from('b'), { retainUntil: null }), { code: 'unreachable' })
    await rename(`${folder}.away`, folder)
    assert.deepEqual(await store.faults(), [])
    assert.equal((await store.get('a')).toString(), 'a')
  })

  test('the folder of one region is not opened as another', async () => {
    const { folder, clock } = await opened()
    await assert.rejects(openFolderStore({ region: 'region-b', folder, clock }), /holds those of region-a/)
  })

  test('policy 6.1-e: an object whose promise is lost or unreadable is not removed', async () => {
    const { folder, store } = await opened()
    await store.put('a', Buffer.from('a'), { retainUntil: null })
    const promise = join(folder, 'promises/a')
    await rm(promise)
    await assert.rejects(store.remove('a'), { code: 'damaged', path: 'a' })
    await writeFile(promise, '{}')
    await assert.rejects(store.remove('a'), { code: 'damaged', path: 'a' })
    assert.equal((await store.get('a')).toString(), 'a')
  })

  test('a symbolic link is neither read, written through nor listed', async () => {
    const { folder, store } = await opened()
    const outside = join(root, 'outside')
    await writeFile(outside, 'secret')
    await store.put('d/a', Buffer.from('a'), { retainUntil: null })
    await symlink(outside, join(folder, 'objects/d/link'))
    await symlink(root, join(folder, 'objects/away'))
    await assert.rejects(store.get('d/link'), { code: 'damaged' })
    assert.equal(await store.head('d/link'), null)
    await assert.rejects(store.put('away/b', Buffer.from('b'), { retainUntil: null }), { code: 'damaged' })
    assert.deepEqual(
      (await collected(store.list(''))).map(({ path }) => path),
      ['d/a'],
    )
  })

  test('an object and a folder of others cannot have one name', async () => {
    const { store } = await opened()
    await store.put('a', Buffer.from('a'), { retainUntil: null })
    await assert.rejects(store.put('a/b', Buffer.from('b'), { retainUntil: null }), { code: 'exists' })
    await store.put('c/d', Buffer.from('d'), { retainUntil: null })
    await assert.rejects(store.put('c', Buffer.from('c'), { retainUntil: null }), { code: 'exists' })
    assert.equal(await store.head('c'), null)
  })

  test('a changed object is other bytes, whatever its name', async () => {
    const { folder, store } = await opened()
    await store.put('a', Buffer.from('a'), { retainUntil: null })
    await chmod(join(folder, 'objects/a'), 0o600)
    await writeFile(join(folder, 'objects/a'), 'b')
    await assert.rejects(store.put('a', Buffer.from('a'), { retainUntil: null }), { code: 'exists' })
  })
})
