import assert from 'node:assert/strict'
import { chmod, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { segmentBytesDefault } from '#backup'
import { DAY } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { repositoryRig, writeSampleBackup, type RepositoryRig } from '../repository-rig.fixture.ts'
import { backupsEnd, expireBackups } from './index.ts'

suite('the control of how long backups are kept', () => {
  let rig: RepositoryRig
  before(async () => {
    rig = await repositoryRig()
  })
  after(() => rig.close())
  const system = () => ({ ...rig, house: async () => rig })
  const backup = async (log: number): Promise<string> => {
    const name = await writeSampleBackup(rig.repository, { log })
    const at = rig.clock.now()
    const times = {
      started_at: at,
      heard_at: at,
      finished_at: at,
      asked_by_kind: 'system',
      asked_by_id: 'test',
    }
    const run = { id: newId(rig.clock), kind: 'full', state: 'done', name, ...times }
    await rig.db.insertInto('backup_run').values(run).execute()
    return name
  }

  test('policy 6.1-e: without any backup the check fails', async () => {
    assert.match((await backupsEnd.check(system())).saw, /there is no backup in region-a/)
  })

  test('policy 6.1-e: the control passes here and finds every break', async () => {
    await backup(1)
    const seen = await backupsEnd.check(system())
    assert.equal(seen.result, 'pass', seen.saw)
    const broken = await backupsEnd.knownBad(system())
    assert.equal(broken.result, 'fail', broken.saw)
    const again = await backupsEnd.check(system())
    assert.equal(again.result, 'pass', again.saw)
  })

  test('policy 6.1-e: a backup that vanished, one that is kept too long and one without a lock are found', async () => {
    rig.clock.advanceSeconds(DAY)
    const second = await backup(2)
    const folder = join(rig.folder, 'backups/region-b/objects', rig.repository.system, 'backups', second)
    await rename(folder, `${rig.folder}/away`)
    assert.match((await backupsEnd.check(system())).saw, new RegExp(`${second} is missing in region-b`))
    await rename(`${rig.folder}/away`, folder)
    const promise = join(
      rig.folder,
      'backups/region-a/promises',
      rig.repository.system,
      'backups',
      second,
      'manifest.note',
    )
    await chmod(promise, 0o600)
    await writeFile(promise, JSON.stringify({ stored: rig.clock.now(), retain: null, held: false }))
    assert.match((await backupsEnd.check(system())).saw, /manifest.note in region-a is not locked/)
    rig.clock.advanceSeconds(100 * DAY)
    await backup(3)
    assert.match((await backupsEnd.check(system())).saw, /is kept too long/)
    await expireBackups({
      ...rig,
      signer: rig.keys.signer,
      tailSeconds: DAY,
      segmentBytes: segmentBytesDefault,
    })
    const seen = await backupsEnd.check(system())
    assert.equal(seen.result, 'pass', seen.saw)
    assert.match(seen.saw, /each with a certificate and none early/)
  })
})
