import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { RepositoryError } from './model.ts'
import { testRepository, writeBackup, type TestRepository } from './repository.fixture.ts'
import type { Fileset, Repository } from './repository-model.ts'
import { segmentName } from './wal-names.ts'

type Files = Readonly<Record<string, Buffer>>

async function put(
  repository: Repository,
  files: Files,
  more: { previous?: Fileset; unchanged?: (name: string) => boolean } = {},
): Promise<{ set: Fileset; read: string[] }> {
  const read: string[] = []
  const each = async function* each() {
    for (const [name, bytes] of Object.entries(files))
      yield {
        name,
        read: () => {
          read.push(name)
          return Promise.resolve(bytes)
        },
      }
  }
  return { set: await repository.putFileset({ folder: 'ledger', files: each(), ...more }), read }
}

async function contents(repository: Repository, name: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const file of (await repository.readFileset(name)).files)
    found[file.name] = (await repository.readFile(file)).toString('hex')
  return found
}

const hexOf = (files: Files): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.toString('hex')]))

const stored = ({ a }: TestRepository): number =>
  [...a.objects.keys()].filter((path) => path.includes('/files/')).length

suite('sets of files', () => {
  test('a file is stored once by its content; a set that changes little is written by its changes', async () => {
    const made = testRepository()
    const { repository, clock, a } = made
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`tile/${at}`, randomBytes(100)]))
    const first = await put(repository, {
      ...many,
      'tile/copy': many['tile/1'] ?? Buffer.alloc(0),
      empty: Buffer.alloc(0),
    })
    assert.equal(stored(made), 41)
    clock.advanceSeconds(60)
    const { 'tile/3': _, ...rest } = many
    const changed = { ...rest, 'tile/5': randomBytes(100), checkpoint: Buffer.from('size 41') }
    const second = await put(repository, changed, {
      previous: first.set,
      unchanged: (name) => name !== 'tile/5',
    })
    assert.deepEqual(second.read.toSorted(), ['checkpoint', 'tile/5'])
    assert.equal(stored(made), 43)
    const size = (name: string): number =>
      a.objects.get(`${made.options.system}/filesets/${name}.note`)?.bytes.length ?? 0
    assert.ok(size(second.set.name) < size(first.set.name) / 3)
    const other = made.reopen()
    assert.deepEqual(
      await contents(other, first.set.name),
      hexOf({ ...many, 'tile/copy': many['tile/1'] ?? Buffer.alloc(0), empty: Buffer.alloc(0) }),
    )
    assert.deepEqual(await contents(other, second.set.name), hexOf(changed))
    assert.deepEqual(await other.filesets('ledger'), [first.set.name, second.set.name])
  })

  test('a file over 16 MiB is several objects and one file', async () => {
    const { repository } = testRepository()
    const large = Buffer.concat([Buffer.alloc(16 * 2 ** 20, 3), randomBytes(10)])
    const { set } = await put(repository, { large })
    assert.equal(set.files[0]?.objects.length, 2)
    assert.deepEqual(await contents(repository, set.name), hexOf({ large }))
  })

  test('policy 6.1-e: files are stored anew each week, so that their lock covers every set that names them', async () => {
    const made = testRepository()
    const { repository, clock, a } = made
    const first = await put(repository, { x: Buffer.from('same') })
    clock.advanceSeconds(8 * 86_400)
    const second = await put(
      repository,
      { x: Buffer.from('same') },
      { previous: first.set, unchanged: () => true },
    )
    assert.equal(stored(made), 2)
    for (const { files, at } of [first.set, second.set])
      for (const { path } of files[0]?.objects ?? []) {
        const days = ((a.objects.get(path)?.retainUntil?.getTime() ?? 0) - Date.parse(at)) / 86_400_000
        assert.ok(days >= 92 && days <= 99, `${days} days`)
      }
  })

  test('names of objects tell nothing of files to whoever lacks the key', async () => {
    const fileKey = createSecretKey(randomBytes(32))
    const [mine, other] = [testRepository({ fileKey }), testRepository()]
    const one = await put(mine.repository, { x: Buffer.from('a known file') })
    const two = await put(other.repository, { x: Buffer.from('a known file') })
    const address = (set: Fileset): string => set.files[0]?.objects[0]?.path.split('/')[2]?.slice(0, 70) ?? ''
    assert.notEqual(address(one.set), address(two.set))
    mine.clock.advanceSeconds(1)
    const again = await put(mine.reopen(), { x: Buffer.from('a known file') })
    assert.equal(address(again.set), address(one.set))
  })

  test('a name that leads outside is refused, written or read', async () => {
    const { repository } = testRepository()
    for (const name of ['../x', '/etc/passwd', 'a/../../x', 'a//b', '', 'a\\b', 'a\nb', '.', 'a/.'])
      await assert.rejects(put(repository, { [name]: Buffer.from('x') }), RepositoryError, name)
    await assert.rejects(
      repository.putFileset({ folder: '../x', files: (async function* none() {})() }),
      RepositoryError,
    )
  })

  test('for a recovery the last set before the moment and the first after it are named', async () => {
    const { repository, clock } = testRepository()
    await writeBackup(repository, { 'base.tar': Buffer.from('x') })
    await repository.putSegment(segmentName(1, 1n, 2 ** 24), Buffer.alloc(2 ** 24))
    const named: string[] = []
    for (let minute = 0; minute < 3; minute++) {
      clock.advanceSeconds(60)
      named.push((await put(repository, { x: Buffer.from(String(minute)) })).set.name)
    }
    const plan = async (at: Date | 'latest'): Promise<string[]> =>
      (await repository.plan({ at, folders: ['ledger'] })).filesets.map(({ name }) => name)
    assert.deepEqual(await plan('latest'), named.slice(2))
    assert.deepEqual(await plan(new Date(clock.now().getTime() - 30_000)), named.slice(1))
    assert.deepEqual(await plan(new Date(clock.now().getTime() - 130_000)), named.slice(0, 1))
    await assert.rejects(
      repository.plan({ at: 'latest', folders: ['uploads'] }),
      (error) => error instanceof RepositoryError && error.code === 'missing',
    )
  })
})
