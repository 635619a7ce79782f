import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { segmentBytesDefault } from '#backup'
import { DAY, HOUR, secondsAfter } from '../../kernel/clock.ts'
import {
  repositoryRig,
  writeSampleBackup,
  writeSampleFiles,
  type RepositoryRig,
} from '../repository-rig.fixture.ts'
import { certificateText, endHold, expireBackups, placeHold, retentionRoutes } from './index.ts'
import { allHolds, certificates } from './queries.ts'

const OFFICER = { kind: 'account', id: 'sample' } as const

suite('the end of backups', () => {
  let rig: RepositoryRig
  before(async () => {
    rig = await repositoryRig()
  })
  after(() => rig.close())

  const expire = () =>
    expireBackups({
      ...rig,
      signer: rig.keys.signer,
      tailSeconds: DAY,
      segmentBytes: segmentBytesDefault,
    })
  const names = async () => (await rig.repository.backups()).backups.map(({ manifest }) => manifest.name)

  test('policy 6.1-e: a chain goes whole once every moment that it serves is past 90 days and its locks, and no younger one', async () => {
    const full = await writeSampleBackup(rig.repository, { log: 1 })
    await writeSampleFiles(rig.repository, ['a', 'b'])
    rig.clock.advanceSeconds(HOUR)
    const first = await writeSampleBackup(rig.repository, { parent: full, log: 2 })
    rig.clock.advanceSeconds(DAY - HOUR)
    const second = await writeSampleBackup(rig.repository, { log: 3 })
    await writeSampleFiles(rig.repository, ['a', 'b', 'c'])
    rig.clock.advanceSeconds(90 * DAY)
    const third = await writeSampleBackup(rig.repository, { log: 4 })
    await writeSampleFiles(rig.repository, ['a', 'c'])
    assert.deepEqual((await expire()).removed, [
      { region: 'region-a', backups: [], objects: 0 },
      { region: 'region-b', backups: [], objects: 0 },
    ])
    rig.clock.advanceSeconds(2 * DAY)
    const done = await expire()
    assert.deepEqual(done.failed, [])
    for (const { backups } of done.removed) assert.deepEqual(backups, [first, full])
    assert.deepEqual(await names(), [second, third])
    await rig.repository.plan({ at: 'latest' })
    for (const name of [second, third])
      for (const region of rig.repository.regions) await rig.repository.verifyBackup(name, { region })
    const [set = ''] = await rig.repository.filesets('ledger')
    await rig.repository.readFileset(set)
  })

  test('policy 6.1-e: each removal left a signed certificate, whose hash is in an event, and the list shows it', async () => {
    const all = await certificates(rig.db)
    const ofBackups = all.filter(({ backup }) => backup !== null)
    assert.equal(ofBackups.length, 4)
    for (const one of all) {
      const text = certificateText(one.note, rig.keys.verifiers())
      assert.ok(text.includes(`region ${one.region}\n`) && text.includes('limit 7776000 seconds\n'))
      if (one.manifest_hash !== null) assert.ok(text.includes(`manifest sha256 ${one.manifest_hash}\n`))
      assert.throws(() => certificateText(one.note.replace('7776000', '7776001'), rig.keys.verifiers()))
    }
    const events = rig.events.filter(({ type }) => type === 'backup.removed')
    assert.equal(events.length, all.length)
    assert.equal(events[0]?.details['limitSeconds'], 90 * DAY)
    const [list] = retentionRoutes(rig)
    const shown = (await list.handle({} as never)) as { certificates: { note: string }[] }
    assert.equal(shown.certificates.length, all.length)
  })

  test('policy 6.1-e: what is held is kept whatever its age, and goes once it is released', async () => {
    const [second = '', third] = await names()
    const { id } = await placeHold(rig, OFFICER, {
      reason: 'litigation',
      reference: 'case-7',
      from: secondsAfter(rig.clock.now(), -92 * DAY),
      to: rig.clock.now(),
    })
    rig.clock.advanceSeconds(95 * DAY)
    const fourth = await writeSampleBackup(rig.repository, { log: 5 })
    await expire()
    assert.deepEqual(await names(), [second, third, fourth])
    const [note] = (await rig.repository.objects('region-a')).filter(({ path }) =>
      path.endsWith(`${second}/manifest.note`),
    )
    assert.equal(await rig.stores[0].held(note?.path ?? ''), true)
    await assert.rejects(rig.stores[0].remove(note?.path ?? ''), { code: 'locked' })
    await endHold(rig, OFFICER, id)
    await assert.rejects(endHold(rig, OFFICER, id), { code: 'resource.unknown' })
    const done = await expire()
    assert.ok(done.removed.every(({ backups }) => backups.includes(second)))
    assert.ok(!(await names()).includes(second))
    const [row] = await allHolds(rig.db)
    assert.deepEqual([row?.reference, row?.released_by_id], ['case-7', 'sample'])
    const told = rig.events.map(({ type }) => type)
    assert.ok(told.includes('backup.held') && told.includes('backup.released'))
  })

  test('policy 6.1-e: a region that is away keeps the others from nothing and is asked again', async () => {
    rig.clock.advanceSeconds(100 * DAY)
    await writeSampleBackup(rig.repository, { log: 6 })
    const regionB = join(rig.folder, 'backups/region-b')
    await rename(regionB, `${regionB}.away`)
    const partly = await expire()
    assert.deepEqual(
      [partly.removed.map(({ region }) => region), partly.failed.map(({ region }) => region)],
      [['region-a'], ['region-b']],
    )
    assert.ok((partly.removed[0]?.backups.length ?? 0) > 0)
    await rename(`${regionB}.away`, regionB)
    const caughtUp = await expire()
    assert.deepEqual(caughtUp.failed, [])
    assert.deepEqual(caughtUp.removed[1]?.backups, partly.removed[0]?.backups)
  })

  test('policy 6.1-e: what a backup left that was cut off goes when its lock ends, and not before', async () => {
    rig.clock.advanceSeconds(HOUR)
    const writer = await rig.repository.startBackup({ kind: 'full', parent: null })
    const archive = writer.archive('base.tar')
    await archive.write(Buffer.alloc(1000, 7))
    await archive.end()
    await rig.repository.settled()
    const left = async () =>
      (await Promise.all(rig.repository.regions.map((region) => rig.repository.objects(region)))).map(
        (objects) => objects.filter(({ path }) => path.includes(`/backups/${writer.name}/`)).length,
      )
    assert.deepEqual(await left(), [1, 1])
    rig.clock.advanceSeconds(DAY)
    await writeSampleBackup(rig.repository, { log: 7 })
    rig.clock.advanceSeconds(90 * DAY)
    await expire()
    assert.deepEqual(await left(), [1, 1], 'locked for two more days after those that it is kept')
    rig.clock.advanceSeconds(DAY)
    const done = await expire()
    assert.deepEqual([done.failed, await left()], [[], [0, 0]])
  })

  test('nobody holds a span of time that ends before it begins', async () => {
    const from = rig.clock.now()
    const to = secondsAfter(from, -1)
    await assert.rejects(placeHold(rig, OFFICER, { reason: 'audit', reference: 'x', from, to }), {
      code: 'request.invalid',
    })
  })
})
