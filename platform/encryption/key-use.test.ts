import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { newId } from '../kernel/id.ts'
import { encryptionJobs } from './jobs.ts'
import { keyAccessLogged } from './key-access-control.ts'
import { noted, useEvent } from './key-use.ts'
import { intendAccess } from './keyring/register-queries.ts'
import { encryptionRig, type EncryptionRig } from './rig.fixture.ts'

suite('uses of keys', () => {
  let rig: EncryptionRig
  before(async () => {
    rig = await encryptionRig()
  })
  after(() => rig.close())

  test('policy 2.3-b: the event is committed before anything is done, and nothing is done without it', async () => {
    const seen: string[] = []
    await noted({ ...rig, record: rig.record }, { action: 'opened', tenant: randomUUID() }, async () => {
      seen.push(...(await rig.events()))
    })
    assert.deepEqual(seen, ['key.opened'])
    const away = () => Promise.reject(new Error('the audit log is away'))
    let done = false
    const use = noted({ ...rig, record: away }, { action: 'opened', tenant: randomUUID() }, async () => {
      done = true
    })
    await assert.rejects(use, /audit log is away/)
    assert.equal(done, false)
  })

  test('policy 2.3-b: a use that was cut off between its event and its end is told of later, once', async () => {
    const [id, tenant] = [newId(rig.clock), randomUUID()]
    await intendAccess(rig.keyring, { id, at: rig.clock.now(), tenant, person: null, action: 'opened' })
    await rig.record(rig.db, useEvent(id, { action: 'opened', tenant }))
    rig.clock.advanceSeconds(120)
    assert.match((await keyAccessLogged.check(await rig.system())).saw, /1 uses came to nothing/)
    const before = (await rig.events()).length
    const job = encryptionJobs({ ...rig, keys: rig.keys }).find((one) => one.name === 'encryption.destroy')
    await job?.run({})
    await job?.run({})
    assert.deepEqual((await rig.events()).slice(before), ['key.failed'])
    const seen = await keyAccessLogged.check(await rig.system())
    assert.equal(seen.result, 'pass', seen.saw)
  })
})
