import assert from 'node:assert/strict'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Job } from '../kernel/job.ts'
import { policyWith } from '../kernel/parameter.ts'
import { makeBackup } from './backup.ts'
import { backupKeyInUse } from './backup-key.ts'
import { backupsFolder } from './backup-files.ts'
import { recoveryControls } from './controls.ts'
import { recoveryJobs } from './jobs.ts'
import { backupIsYoung, backupRestores } from './restore-controls.ts'
import { backupsRetained } from './retention-control.ts'
import { recoveryRig, type RecoveryRig } from './rig.fixture.ts'
import { recoveryRoutes } from './routes.ts'
import { backupIfDue, newestBackup } from './schedule.ts'

const HOUR = 3600
const DAY = 24 * HOUR

async function started(): Promise<RecoveryRig> {
  const rig = await recoveryRig()
  await rig.happen('a sample')
  await rig.ledger.run()
  return rig
}

suite('controls of chapter 6', () => {
  let rig: RecoveryRig
  before(async () => {
    rig = await started()
  })
  after(() => rig.close())

  test('policy 6.1-a, 6.1-d: without any backup the checks fail', async () => {
    for (const control of recoveryControls.filter((one) => one !== backupsRetained))
      assert.equal((await control.check(rig)).result, 'fail', control.id)
  })

  for (const control of recoveryControls) {
    test(`policy ${control.clauses.join(', ')}: ${control.id} passes here and finds every break`, async () => {
      await backupIfDue(rig)
      const seen = await control.check(rig)
      assert.equal(seen.result, 'pass', seen.saw)
      const broken = await control.knownBad(rig)
      assert.equal(broken.result, 'fail', broken.saw)
      const again = await control.check(rig)
      assert.equal(again.result, 'pass', `the known-bad run left something behind: ${again.saw}`)
    })
  }

  test('policy 6.1-a: a newest backup that cannot be read makes the check fail', async () => {
    const newest = await newestBackup(rig)
    const sealed = join(backupsFolder(rig.varFolder), newest?.name ?? '', 'data.sealed')
    await rename(sealed, `${sealed}.away`)
    await assert.rejects(backupRestores.check(rig), { code: 'recovery.unreadable' })
    await rename(`${sealed}.away`, sealed)
  })

  test('policy 6.1-e: a backup that somebody removed, and a folder that nobody recorded, are found', async () => {
    const folder = backupsFolder(rig.varFolder)
    const name = (await newestBackup(rig))?.name ?? ''
    await rename(join(folder, name), join(rig.folder, name))
    assert.match((await backupsRetained.check(rig)).saw, new RegExp(`${name} is missing`))
    await rename(join(rig.folder, name), join(folder, name))
    await mkdir(join(folder, 'stranger'))
    assert.match((await backupsRetained.check(rig)).saw, /stranger is no backup/)
    await backupIfDue(rig)
    await rm(join(folder, 'stranger'), { recursive: true })
  })

  test('policy 2.3-a.1: the age of the backup key counts from its first backup', async () => {
    const [key] = await backupKeyInUse(rig)
    assert.deepEqual(key?.since, rig.clock.now())
  })
})

suite('backups by the clock', () => {
  let rig: RecoveryRig
  let backup: Job
  let expire: Job
  before(async () => {
    rig = await started()
    const [first, second] = recoveryJobs(rig)
    assert.ok(first !== undefined && second !== undefined)
    backup = first
    expire = second
  })
  after(() => rig.close())
  const count = async (): Promise<number> => (await readdir(backupsFolder(rig.varFolder))).length

  test('policy 6.1-a: the first run makes a backup, and the next only when the interval is nearly over', async () => {
    await backup.run({})
    await backup.run({})
    assert.equal(await count(), 1)
    rig.clock.advanceSeconds(22 * HOUR)
    await backup.run({})
    assert.equal(await count(), 1)
    rig.clock.advanceSeconds(HOUR)
    await backup.run({})
    assert.equal(await count(), 2)
  })

  test('policy 6.1-a: a shorter interval is obeyed by the next look', async () => {
    rig.clock.advanceSeconds(2 * HOUR)
    const policy = policyWith({ 'backup.interval': 2 * HOUR }, rig.policy)
    await backupIfDue({ ...rig, policy })
    assert.equal(await count(), 3)
  })

  test('policy 6.1-a: a missed run is found by the check and made good at the next look', async () => {
    rig.clock.advanceSeconds(3 * DAY)
    assert.match((await backupIsYoung.check(rig)).saw, /72\.0 hours old/)
    await backup.run({})
    assert.equal((await backupIsYoung.check(rig)).result, 'pass')
  })

  test('a backup that fails leaves an event and the error', async () => {
    const varFolder = join(rig.folder, 'a-file')
    await writeFile(varFolder, '')
    await assert.rejects(backupIfDue({ ...rig, varFolder }))
    // The folder itself cannot be listed, so the failure is that of the look; one of writing is recorded.
    const shared = join(rig.folder, 'blocked')
    await mkdir(shared)
    await writeFile(join(shared, 'ledger'), 'no folder')
    await assert.rejects(backupIfDue({ ...rig, varFolder: shared }), { code: 'recovery.unwritable' })
    assert.equal((await rig.events()).at(-1), 'backup.failed')
  })

  test('policy 6.1-e: what is older than the retention goes, each with its event, and nothing younger', async () => {
    const before = await count()
    await expire.run({})
    assert.equal(await count(), before)
    rig.clock.advanceSeconds(90 * DAY - 3 * DAY - HOUR)
    await backup.run({})
    await expire.run({})
    assert.equal(await count(), before + 1 - 2)
    const removed = (await rig.events()).filter((type) => type === 'backup.removed')
    assert.equal(removed.length, 2)
    const seen = await backupsRetained.check(rig)
    assert.equal(seen.result, 'pass', seen.saw)
    assert.match(seen.saw, /2 were removed, none of them early/)
  })

  test('policy 6.1-e: a backup kept too long is found', async () => {
    rig.clock.advanceSeconds(91 * DAY)
    assert.match((await backupsRetained.check(rig)).saw, /is kept too long/)
    await expire.run({})
    assert.equal((await backupsRetained.check(rig)).result, 'pass')
  })

  test('a backup whose row was lost is noted again and counts', async () => {
    const { name } = await makeBackup(rig)
    await rig.db.deleteFrom('backup').where('name', '=', name).execute()
    await backup.run({})
    assert.equal((await newestBackup(rig))?.name, name)
  })

  test('the operator makes a backup and sees it in the list', async () => {
    const [make, list] = recoveryRoutes(rig)
    const caller = { kind: 'operator', id: 'local' }
    const request = { requestId: 'r', caller, params: {}, query: {}, body: {}, raw: new Request('http://x/') }
    const made = (await make.handle(request as never)) as { name: string }
    const listed = (await list.handle(request as never)) as { backups: { name: string }[] }
    assert.ok(listed.backups.some((one) => one.name === made.name))
    assert.deepEqual([make.surface, list.surface], ['operator', 'operator'])
  })
})
