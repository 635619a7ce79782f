import assert from 'node:assert/strict'
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { HOUR } from '../../kernel/clock.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { repositoryRig, writeSampleBackup, type RepositoryRig } from '../repository-rig.fixture.ts'
import type { BackupStore } from '../stores/index.ts'
import { backupsInRegions, copyToRegions, type RegionsSystem } from './index.ts'

suite('copies in several regions', () => {
  let rig: RepositoryRig
  before(async () => {
    rig = await repositoryRig()
  })
  after(() => rig.close())

  const copy = (residency: string[] = []) => copyToRegions({ ...rig, residency })
  const system = (stores: readonly BackupStore[]): RegionsSystem => ({
    ...rig,
    house: async () => ({ repository: rig.repository, stores }),
    residency: [],
    policy: policyWith({ 'backup.regions': 2 }, rig.policy),
  })
  /** The same stores, as if they lay in different places; only what a store says of itself is changed. */
  const distant = (): BackupStore[] =>
    rig.stores.map((store) => ({ ...store, place: { ...store.place, standIn: false } }))

  test('policy 6.1-c: a region that was away catches up, and until then says since when it is behind', async () => {
    const regionB = join(rig.folder, 'backups/region-b')
    await rename(regionB, `${regionB}.away`)
    await writeSampleBackup(rig.repository)
    const since = rig.clock.now()
    const [, away] = await copy()
    assert.deepEqual([away?.code, away?.behind_since], ['away', since])
    rig.clock.advanceSeconds(HOUR)
    const [, still] = await copy()
    assert.deepEqual(still?.behind_since, since)
    await rename(`${regionB}.away`, regionB)
    const [, back] = await copy()
    assert.deepEqual([back?.code, back?.behind_since, back?.refused], [null, null, 0])
    assert.ok((back?.copied ?? 0) > 3)
    const [a, b] = await Promise.all(rig.repository.regions.map((region) => rig.repository.objects(region)))
    assert.deepEqual(a?.map(({ path }) => path).toSorted(), b?.map(({ path }) => path).toSorted())
    assert.equal((await copy())[1]?.copied, 0)
  })

  test('policy 6.1-c: copies in two folders of one machine agree and are not proven; two distant stores are', async () => {
    rig.clock.advanceSeconds(HOUR)
    const standIns = await backupsInRegions.check(system(rig.stores))
    assert.equal(standIns.result, 'fail')
    assert.match(standIns.saw, /2 of 2 regions are folders .* same hash/)
    const proven = await backupsInRegions.check(system(distant()))
    assert.equal(proven.result, 'pass', proven.saw)
    const together = distant().map((store) => ({
      ...store,
      place: { ...store.place, location: 'AWS sample' },
    }))
    const called = await backupsInRegions.check(system(together))
    assert.equal(called.result, 'fail', 'two names of one region')
    assert.match(called.saw, /2 stores lie in 1 regions of 2: AWS sample/)
  })

  test('policy 6.1-c: the known-bad run finds every break for its own reason', async () => {
    const broken = await backupsInRegions.knownBad(system(rig.stores))
    assert.equal(broken.result, 'fail', broken.saw)
    assert.match(broken.saw, /a region too few.*outside of the residency.*one changed byte.*a missing object/)
  })

  test('policy 6.1-c: a region whose bytes differ is told with the name of the object, once', async () => {
    const [object] = (await rig.repository.objects('region-b')).filter(({ path }) => path.endsWith('.note'))
    const file = join(rig.folder, 'backups/region-b/objects', object?.path ?? '')
    const bytes = await readFile(file)
    await chmod(file, 0o600)
    await writeFile(file, Buffer.concat([bytes, Buffer.from(' ')]))
    const [, row] = await copy()
    await copy()
    assert.deepEqual([row?.refused, row?.first_refused], [1, object?.path])
    const told = rig.events.filter(({ type }) => type === 'backup.region-differs')
    assert.deepEqual(
      told.map(({ target, details }) => [target?.id, details['object']]),
      rig.stores.map(({ region }) => [region, object?.path]),
    )
    const seen = await backupsInRegions.check(system(distant()))
    assert.equal(seen.result, 'fail')
    assert.ok(seen.saw.includes(object?.path ?? '-'))
    await writeFile(file, bytes)
    assert.equal((await copy())[1]?.refused, 0)
  })

  test('policy 6.1-c: nothing is copied to a store outside of the residency', async () => {
    const [a, b] = await copy(['DE'])
    assert.deepEqual([a?.code, b?.code], ['residency', 'residency'])
  })
})
