import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { sql } from 'kysely'
import { accessLookUps } from '../../access/index.ts'
import { HOUR } from '../../kernel/clock.ts'
import { addVersion } from '../key-changes.ts'
import { PROVIDER } from '../key-parts.ts'
import { encryptionRig, type EncryptionRig } from '../rig.fixture.ts'
import { inboxLookUps } from './look-ups.ts'
import { reindex } from './reindex.ts'
import { countUses, leftBehind } from './uses.ts'

let rig: EncryptionRig
before(async () => {
  rig = await encryptionRig()
})
after(() => rig.close())

const lookUps = [...accessLookUps, ...inboxLookUps]
const parts = () => ({ ...rig, lookUps, share: 1, pause: () => Promise.resolve() })
const person = {
  userName: 'Ann@Sample.example',
  externalId: 'e-1',
  emails: [{ value: 'Ann@Sample.example' }, { value: 'b@sample.example' }],
}

/** A person of a directory and a contact of the inbox, both of one workspace. */
async function put(
  workspace: string,
): Promise<{ readonly user: string; readonly contact: string; readonly channel: string }> {
  const [user, contact, channel] = [randomUUID(), randomUUID(), randomUUID()]
  const at = rig.clock.now()
  const stored = async (tenant: string, purpose: string, value: string): Promise<Buffer> =>
    (await rig.keys.lookUp(tenant, purpose, value))[0]
  const sealed = (table: string, column: string, row: string, text: string): Promise<Buffer> =>
    rig.keys.sealText(workspace, { table, column, row }, text)
  await sql`insert into workspace (id, name, created_at) values (${workspace}, ${await sealed('workspace', 'name', workspace, 'Sample')}, ${at})`.execute(
    rig.db,
  )
  await rig.db
    .insertInto('directory_user')
    .values({
      id: user,
      workspace_id: workspace,
      user_name_index: await stored(workspace, 'directory.userName', 'ann@sample.example'),
      external_id_index: await stored(workspace, 'directory.externalId', 'e-1'),
      email_indexes: [
        await stored(workspace, 'directory.email', 'ann@sample.example'),
        await stored(workspace, 'directory.email', 'b@sample.example'),
      ],
      account_email_index: await stored(PROVIDER, 'account.email', 'ann@sample.example'),
      active: true,
      content: await sealed('directory_user', 'content', user, JSON.stringify(person)),
      version: 1,
      created_at: at,
      updated_at: at,
    })
    .execute()
  await sql`insert into inbox.channel (workspace_id, id, kind, settings, state, public_id, created_at, changed_at)
    values (${workspace}, ${channel}, 'webchat', ${await sealed('inbox.channel', 'settings', channel, '{}')}, 'ready', ${randomUUID()}, ${at}, ${at})`.execute(
    rig.db,
  )
  await sql`insert into inbox.contact (workspace_id, id, state, created_at) values (${workspace}, ${contact}, 'active', ${at})`.execute(
    rig.db,
  )
  const value = await rig.keys
    .forPerson(workspace, contact)
    .sealText({ table: 'inbox.contact_identity', column: 'phone', row: contact }, '15550001')
  await sql`insert into inbox.contact_identity (workspace_id, channel_id, kind, value_index, value, contact_id, created_at)
    values (${workspace}, ${channel}, 'phone', ${await stored(workspace, 'inbox.contact_identity.value', `${channel}/phone/15550001`)}, ${value}, ${contact}, ${at})`.execute(
    rig.db,
  )
  return { user, contact, channel }
}

const replace = async (tenant: string, version: number): Promise<void> => {
  await addVersion(rig, { tenant, purpose: 'index', version })
  rig.keys.forget()
}

suite('look-up values that are made anew', () => {
  test('policy 2.3-a.1: of lists, of several tenants in one row and of persons of the protected service, each under the newest key', async () => {
    const workspace = randomUUID()
    const { user, channel } = await put(workspace)
    await replace(workspace, 2)
    await replace(PROVIDER, 2)
    assert.equal((await reindex(parts())).moved, 0, 'not before every process knows the key')
    rig.clock.advanceSeconds(2 * HOUR)
    assert.equal(await leftBehind({ ...rig, lookUps }, HOUR), 6)
    assert.deepEqual(await reindex(parts()), { moved: 5, unreadable: 0, finished: true })
    const now = async (tenant: string, purpose: string, value: string): Promise<Buffer> =>
      (await rig.keys.lookUp(tenant, purpose, value))[0]
    const row = await rig.db
      .selectFrom('directory_user')
      .selectAll()
      .where('id', '=', user)
      .executeTakeFirstOrThrow()
    assert.deepEqual(row.user_name_index, await now(workspace, 'directory.userName', 'ann@sample.example'))
    assert.deepEqual(row.external_id_index, await now(workspace, 'directory.externalId', 'e-1'))
    assert.deepEqual(row.email_indexes[1], await now(workspace, 'directory.email', 'b@sample.example'))
    assert.deepEqual(row.account_email_index, await now(PROVIDER, 'account.email', 'ann@sample.example'))
    const { rows } = await sql<{
      index: Buffer
    }>`select value_index as index from inbox.contact_identity`.execute(rig.db)
    assert.deepEqual(
      rows.map(({ index }) => index),
      [await now(workspace, 'inbox.contact_identity.value', `${channel}/phone/15550001`)],
    )
    assert.equal(await leftBehind({ ...rig, lookUps }, HOUR), 0)
    assert.equal((await reindex(parts())).moved, 0)
  })

  test('policy 2.3-a.1: a value that was stored under both keys stays twice, is counted, and keeps no other one waiting', async () => {
    const workspace = randomUUID()
    const { channel } = await put(workspace)
    await replace(workspace, 2)
    rig.clock.advanceSeconds(2 * HOUR)
    // As a process would store it that was paused for hours and knows the older key alone.
    const second = randomUUID()
    const purpose = 'inbox.contact_identity.value'
    const [value_index] = await rig.keys.lookUp(workspace, purpose, `${channel}/phone/15550001`)
    await sql`insert into inbox.contact (workspace_id, id, state, created_at)
      values (${workspace}, ${second}, 'active', ${rig.clock.now()})`.execute(rig.db)
    const value = await rig.keys
      .forPerson(workspace, second)
      .sealText({ table: 'inbox.contact_identity', column: 'phone', row: second }, '15550001')
    await sql`insert into inbox.contact_identity (workspace_id, channel_id, kind, value_index, value, contact_id, created_at)
      values (${workspace}, ${channel}, 'phone', ${value_index}, ${value}, ${second}, ${rig.clock.now()})`.execute(
      rig.db,
    )
    const other = randomUUID()
    await put(other)
    await replace(other, 2)
    rig.clock.advanceSeconds(2 * HOUR)
    assert.ok((await reindex(parts())).finished)
    const uses = (await countUses(rig.db, lookUps)).moving
    assert.deepEqual([uses.get(`${workspace} 1`), uses.get(`${workspace} 2`)], [1, 5])
    assert.equal(uses.get(`${other} 1`), undefined)
  })

  test('policy 2.3-a.1: a value whose envelope does not open stays, is counted, and keeps its key from retiring', async () => {
    const workspace = randomUUID()
    const { user } = await put(workspace)
    await rig.db
      .updateTable('directory_user')
      .set({ content: Buffer.alloc(80, 0xf6) })
      .where('id', '=', user)
      .execute()
    await replace(workspace, 2)
    rig.clock.advanceSeconds(2 * HOUR)
    const done = await reindex(parts())
    assert.equal(done.unreadable, 3)
    assert.equal((await countUses(rig.db, lookUps)).moving.get(`${workspace} 1`), 4)
  })
})
