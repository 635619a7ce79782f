import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { DAY } from '../../kernel/clock.ts'
import { liveVersions } from '../key-changes.ts'
import { PROVIDER } from '../key-parts.ts'
import { encryptionRig, type EncryptionRig } from '../rig.fixture.ts'
import { reencrypt } from './reencrypt.ts'
import { retireUnused } from './retire.ts'
import { leftBehind } from './uses.ts'

let rig: EncryptionRig
before(async () => {
  rig = await encryptionRig()
})
after(() => rig.close())

const BACKUP_DAYS = 90

const retire = (...held: Date[]) =>
  retireUnused({
    ...rig,
    data: rig.db,
    backupSeconds: () => BACKUP_DAYS * DAY,
    heldSince: () => Promise.resolve(held),
  })
const move = () => reencrypt({ ...rig, data: rig.db, share: 1, pause: () => Promise.resolve() })

async function versions(): Promise<number[]> {
  const live = await liveVersions(rig.keyring, PROVIDER)
  return live.filter(({ purpose }) => purpose === 'data').map(({ version }) => version)
}

suite('older versions', () => {
  test('policy 2.3-a.1: a version retires when no value and no backup can name it, and not a day sooner', async () => {
    const id = randomUUID()
    const place = { table: 'outbox', column: 'message', row: id }
    const message = await rig.keys.sealText(PROVIDER, place, 'words')
    await rig.db
      .insertInto('outbox')
      .values({ id, channel: 'letter', kind: 'sample', message, state: 'kept', created_at: rig.clock.now() })
      .execute()
    await rig.keys.rotate(PROVIDER)
    rig.clock.advanceSeconds(DAY)
    assert.deepEqual(await retire(), { retired: 0, waiting: 0, inUse: 1 })
    assert.equal(await leftBehind(rig, DAY - 1), 1)
    await move()
    assert.equal(await leftBehind(rig, 0), 0)
    assert.deepEqual(await retire(), { retired: 0, waiting: 1, inUse: 0 })
    rig.clock.advanceSeconds(BACKUP_DAYS * DAY)
    assert.deepEqual(await retire(), { retired: 0, waiting: 1, inUse: 0 })
    assert.deepEqual(await versions(), [1, 2])
    rig.clock.advanceSeconds(1)
    const hold = new Date(rig.clock.now().getTime() - 91 * DAY * 1000)
    assert.deepEqual(await retire(hold), { retired: 0, waiting: 1, inUse: 0 }, 'a held backup stays readable')
    assert.deepEqual(await retire(rig.clock.now()), { retired: 1, waiting: 0, inUse: 0 })
    assert.deepEqual(await versions(), [2])
    const row = await rig.db
      .selectFrom('outbox')
      .select('message')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    assert.equal(await rig.process().openText(PROVIDER, place, row.message ?? Buffer.alloc(0)), 'words')
  })

  test('policy 2.3-a.1: a version that a value names again begins to wait anew', async () => {
    const id = randomUUID()
    const place = { table: 'outbox', column: 'message', row: id }
    const late = await rig.keys.sealText(PROVIDER, place, 'late words')
    await rig.keys.rotate(PROVIDER)
    rig.clock.advanceSeconds(DAY)
    await move()
    assert.equal((await retire()).waiting, 1)
    rig.clock.advanceSeconds(BACKUP_DAYS * DAY + 1)
    await rig.db
      .insertInto('outbox')
      .values({
        id,
        channel: 'letter',
        kind: 'sample',
        message: late,
        state: 'kept',
        created_at: rig.clock.now(),
      })
      .execute()
    assert.deepEqual(await retire(), { retired: 0, waiting: 0, inUse: 1 })
    await move()
    assert.deepEqual(await retire(), { retired: 0, waiting: 1, inUse: 0 })
  })

  test('policy 2.3-a.1: a version whose successor is younger than what other processes hold is kept', async () => {
    const before = (await versions()).length
    await rig.keys.rotate(PROVIDER)
    rig.clock.advanceSeconds(3600)
    assert.equal((await retire()).inUse, 1)
    assert.equal((await versions()).length, before + 1)
  })
})
