import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { RepositoryError } from './model.ts'
import { testRepository, testWrapping, writeBackup } from './repository.fixture.ts'
import { segmentName } from './wal-names.ts'

const refused = (code: RepositoryError['code'], path?: string | RegExp) => (error: unknown) => {
  assert.ok(error instanceof RepositoryError, String(error))
  assert.equal(error.code, code, error.message)
  if (path !== undefined) assert.match(error.path, path instanceof RegExp ? path : new RegExp(`${path}$`))
  return true
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks))
}

suite('repository', () => {
  test('what was backed up comes back to the byte, from either region, in another process', async () => {
    const { repository, reopen, a, b } = testRepository()
    const bytes = Buffer.concat([randomBytes(17 * 2 ** 20), Buffer.alloc(20 * 2 ** 20, 7)])
    const { manifest, regions } = await writeBackup(repository, {
      'base.tar': bytes,
      '16384.tar': Buffer.alloc(0),
    })
    assert.deepEqual(regions, ['a', 'b'])
    assert.deepEqual(
      manifest.archives.map(({ objects }) => objects.map(({ plainBytes }) => plainBytes)),
      [[2 ** 24, 2 ** 24, 5 * 2 ** 20], [0]],
    )
    for (const region of ['a', 'b']) {
      const other = reopen()
      const found = await other.manifest(manifest.name, { region })
      assert.deepEqual(found, manifest)
      assert.ok((await collect(other.readArchive(found, 'base.tar', { region }))).equals(bytes))
      assert.equal((await collect(other.readArchive(found, '16384.tar', { region }))).length, 0)
      assert.equal(String(await other.readDatabaseManifest(found, { region })), '{"sample": true}')
    }
    assert.deepEqual([...a.objects.keys()].toSorted(), [...b.objects.keys()].toSorted())
  })

  test('policy 6.1-d: a host without the private key reads no backup, not even its own of before', async () => {
    const { repository, reopen } = testRepository()
    const { manifest } = await writeBackup(repository, { 'base.tar': Buffer.from('customer data') })
    const { opener: stranger } = testWrapping()
    await assert.rejects(
      collect(reopen({ opener: stranger }).readArchive(manifest, 'base.tar')),
      refused('no-key', /0001\.age$/),
    )
  })

  test('policy 6.1-e: every object is locked for the retention and the chain', async () => {
    const { repository, a, clock } = testRepository()
    await writeBackup(repository, { 'base.tar': Buffer.from('x') })
    await repository.putTail(segmentName(1, 1n, 2 ** 24), 0, Buffer.from('y'))
    const days = (path: string): number =>
      ((a.objects.get(path)?.retainUntil?.getTime() ?? 0) - clock.now().getTime()) / 86_400_000
    for (const path of a.objects.keys()) {
      const wanted = path.endsWith('.tail') ? 1 : path.includes('/epochs/') ? 99 : 92
      assert.equal(days(path), wanted, path)
      await assert.rejects(a.remove(path), refused('locked'))
    }
  })

  test('policy 6.1-c: a region that is away holds up nothing, and gets what it lacks from the mirror', async () => {
    const events: string[] = []
    const { repository, a, b, reopen } = testRepository({
      onRegion: ({ kind, region }) => events.push(`${region} ${kind}`),
    })
    b.down = true
    const { manifest, regions } = await writeBackup(repository, { 'base.tar': randomBytes(40 * 2 ** 20) })
    assert.deepEqual(regions, ['a'])
    assert.ok(events.includes('b missed'))
    b.down = false
    const report = await reopen().mirror('b')
    assert.deepEqual(report.refused, [])
    assert.equal(report.copied, a.objects.size)
    assert.equal(
      (
        await reopen()
          .verifyBackup(manifest.name, { region: 'b' })
          .catch((e) => e)
      ).code,
      'broken-chain',
    )
    assert.deepEqual(
      (await reopen().backups()).backups.map((one) => one.regions),
      [['a', 'b']],
    )
  })

  test('one write that a region missed is copied to it before it gets the manifest', async () => {
    const { repository, b } = testRepository()
    const put = b.put
    let failed = false
    b.put = async (path, ...more) => {
      if (path.endsWith('000000.obj') && !failed) {
        failed = true
        throw new Error('connection reset')
      }
      return put(path, ...more)
    }
    const { regions } = await writeBackup(repository, { 'base.tar': randomBytes(10) })
    assert.ok(failed)
    assert.deepEqual(regions, ['a', 'b'])
  })

  test('when no region takes an object the backup fails and never gets a manifest', async () => {
    const { repository, a, b } = testRepository()
    a.down = true
    b.down = true
    await assert.rejects(writeBackup(repository, { 'base.tar': Buffer.from('x') }), refused('unreachable'))
    a.down = false
    b.down = false
    assert.deepEqual((await repository.backups()).backups, [])
  })

  test('a region that lacks the epoch gets it before the manifest, and one that takes no manifest is the mirror’s', async () => {
    const { repository, b, reopen } = testRepository()
    const put = b.put
    const lost = new Set<string>()
    b.put = async (path, ...more) => {
      const first = /(?:age|epoch\.note|manifest\.note)$/.test(path) && !lost.has(path)
      if (first) lost.add(path)
      if (first) throw new Error('connection reset')
      return put(path, ...more)
    }
    const first = await writeBackup(repository, { 'base.tar': randomBytes(10) })
    assert.deepEqual([first.regions, lost.size], [['a'], 3])
    const inB = reopen({ stores: [b] })
    assert.equal(String(await inB.getObject(first.manifest.databaseManifest.path)), '{"sample": true}')
    assert.equal((await reopen().mirror('b')).copied, 1)
    assert.equal((await inB.backups()).backups.length, 1)
  })

  test('policy 6.1-c: while a region is away the other is planned from and read', async () => {
    const { repository, a, reopen } = testRepository()
    await writeBackup(repository, { 'base.tar': Buffer.from('x') })
    await repository.putSegment(segmentName(1, 1n, 2 ** 24), Buffer.alloc(2 ** 24))
    a.down = true
    const { chain } = await reopen().plan({ at: 'latest' })
    assert.equal(chain.length, 1)
    const [manifest] = chain
    assert.ok(manifest !== undefined)
    assert.equal(String(await collect(reopen().readArchive(manifest, 'base.tar'))), 'x')
  })

  test('a damaged object is copied to no region, nor is its backup’s manifest; others are', async () => {
    const { repository, a, b, clock, reopen } = testRepository()
    b.down = true
    const first = await writeBackup(repository, { 'base.tar': randomBytes(100) })
    clock.advanceSeconds(60)
    const second = await writeBackup(repository, { 'base.tar': randomBytes(100) })
    b.down = false
    const path = first.manifest.archives[0]?.objects[0]?.path ?? ''
    a.objects.get(path)?.bytes.writeUInt8(0, 50)
    const { refused: left } = await reopen().mirror('b')
    assert.deepEqual(
      left.map((one) => [one.code, one.path]),
      [['damaged', path]],
    )
    const there = (await reopen().backups({ region: 'b' })).backups.map(({ manifest }) => manifest.name)
    assert.deepEqual(there, [second.manifest.name])
  })

  test('an hour is an epoch, and wraps change without any object changing', async () => {
    const { repository, clock, a, reopen, options } = testRepository()
    const first = await writeBackup(repository, { 'base.tar': Buffer.from('one') })
    clock.advanceSeconds(1800)
    const second = await writeBackup(repository, { 'base.tar': Buffer.from('two') })
    clock.advanceSeconds(1800)
    const third = await writeBackup(repository, { 'base.tar': Buffer.from('three') })
    assert.equal(first.manifest.epoch, second.manifest.epoch)
    assert.notEqual(first.manifest.epoch, third.manifest.epoch)
    const before = new Map([...a.objects].map(([path, { bytes }]) => [path, bytes.toString('hex')]))
    const next = testWrapping()
    const { opener } = options
    assert.ok(opener !== undefined)
    const report = await reopen().rewrapEpochs({ opener, wrapper: next.wrapper })
    assert.equal(report.epochs, 2)
    assert.equal(report.superseded.length, 2)
    for (const [path, bytes] of before) assert.equal(a.objects.get(path)?.bytes.toString('hex'), bytes)
    for (const path of report.superseded)
      for (const store of options.stores) (store as typeof a).objects.delete(path)
    const rotated = reopen({ opener: next.opener })
    assert.equal(String(await collect(rotated.readArchive(third.manifest, 'base.tar'))), 'three')
    await assert.rejects(collect(reopen().readArchive(third.manifest, 'base.tar')), refused('no-key'))
  })

  test('a segment that is there from before a crash is accepted and reaches the other region', async () => {
    const { repository, reopen, b } = testRepository()
    const segment = segmentName(1, 3n, 2 ** 24)
    b.down = true
    await repository.putSegment(segment, Buffer.alloc(2 ** 24, 1))
    b.down = false
    // The epoch's note is not in region b yet; the mirror brings it, the segment comes with the write.
    const again = await reopen().putSegment(segment, Buffer.alloc(2 ** 24, 1))
    assert.deepEqual(again.regions, ['a', 'b'])
    assert.equal(await collectSegment(reopen(), segment), 2 ** 24)
  })

  test('segments put in advance under a header of ours are not taken for log: the other region gets it, and without one it is told', async () => {
    const { repository, a, b } = testRepository()
    const plain = Buffer.alloc(2 ** 24, 1)
    const pathOf = (number: bigint): string =>
      `7300000000000000001/wal/00000001/${segmentName(1, number, 2 ** 24)}.obj`
    await repository.putSegment(segmentName(1, 1n, 2 ** 24), plain)
    await repository.settled()
    const header = (await a.get(pathOf(1n))).subarray(0, 20)
    const plant = (number: bigint) => Buffer.concat([header, randomBytes(200 + Number(number))])
    for (let number = 2n; number < 8n; number += 1n)
      await a.put(pathOf(number), plant(number), { retainUntil: null })
    const stored = []
    for (let number = 2n; number < 8n; number += 1n)
      stored.push((await repository.putSegment(segmentName(1, number, 2 ** 24), plain)).regions)
    // What an earlier process may have left is as many as these, and no more.
    assert.deepEqual(stored.slice(4), [['b'], ['b']])
    assert.ok((await b.get(pathOf(7n))).length > 300)
    for (const store of [a, b]) await store.put(pathOf(9n), plant(9n), { retainUntil: null })
    await assert.rejects(
      repository.putSegment(segmentName(1, 9n, 2 ** 24), plain),
      refused('foreign', pathOf(9n)),
    )
    // One's own is known again however often it is put.
    await repository.putSegment(segmentName(1, 1n, 2 ** 24), plain)
  })

  test('what another put where our segment belongs is not taken for ours', async () => {
    const { repository, a, b } = testRepository()
    const segment = segmentName(1, 3n, 2 ** 24)
    const path = `7300000000000000001/wal/00000001/${segment}.obj`
    for (const store of [a, b]) await store.put(path, randomBytes(200), { retainUntil: null })
    await assert.rejects(repository.putSegment(segment, Buffer.alloc(2 ** 24)), refused('damaged', path))
    await assert.rejects(repository.putSegment('../../etc/passwd', Buffer.alloc(1)), refused('foreign'))
    await assert.rejects(
      repository.putObject('7300000000000000001/../x', Buffer.alloc(1)),
      refused('foreign'),
    )
  })
})

async function collectSegment(
  repository: ReturnType<ReturnType<typeof testRepository>['reopen']>,
  segment: string,
): Promise<number> {
  const { segments } = await repository.walIndex()
  const found = segments.find((one) => one.segment === segment)
  assert.ok(found !== undefined)
  const pieces = [{ path: found.path, from: 0, to: 2 ** 24 }]
  return (await repository.readSegment({ timeline: 1, segment, pieces, bytes: 2 ** 24 })).length
}
