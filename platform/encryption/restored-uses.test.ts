import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { keyAccessLogged } from './key-access-control.ts'
import { encryptionRig, type EncryptionRig } from './rig.fixture.ts'

const place = { table: 'sample', column: 'text', row: '1' }

suite('uses of keys after a restore', () => {
  let rig: EncryptionRig
  before(async () => {
    rig = await encryptionRig()
  })
  after(() => rig.close())

  test('policy 2.3-b: uses in a time that a restore lost are explained by its event, and no others', async () => {
    const seen = async () => (await keyAccessLogged.check(await rig.system())).metrics
    const use = () => rig.keys.sealText(randomUUID(), place, 'x')
    const lose = () => rig.db.deleteFrom('audit_event').where('at', '>=', rig.clock.now()).execute()
    const restored = (lastCommitAt: Date) =>
      rig.db
        .insertInto('audit_event')
        .values({
          id: randomUUID(),
          at: rig.clock.now(),
          type: 'recovery.restored',
          kind: 'security',
          actor_kind: 'operator',
          actor_id: 'provider',
          outcome: 'success',
          details: JSON.stringify({ lastCommitAt: lastCommitAt.toISOString() }),
        })
        .execute()
    rig.clock.advanceSeconds(3600)
    const moment = rig.clock.now()
    rig.clock.advanceSeconds(300)
    await use()
    await lose()
    const { unlogged = 0 } = (await seen()) ?? {}
    assert.ok(Number(unlogged) > 0)
    rig.clock.advanceSeconds(300)
    await restored(moment)
    const after = await seen()
    assert.deepEqual([after?.['unlogged'], after?.['restored']], [0, unlogged])
    rig.clock.advanceSeconds(300)
    await use()
    await lose()
    assert.equal((await seen())?.['unlogged'], unlogged)
  })
})
