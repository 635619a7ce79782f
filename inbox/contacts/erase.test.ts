import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { sql } from 'kysely'
import { describeField, fieldHeaderBytes } from '#envelope'
import {
  connectWhatsApp,
  makeRule,
  post,
  startInboxUnderTest,
  textDelivery,
  type InboxUnderTest,
  type TestChannel,
} from '../test/inbox-under-test.ts'

const NUMBER = '15551230001'

suite('erasing contacts', () => {
  let t: InboxUnderTest
  let channel: TestChannel
  let n = 0

  before(async () => {
    t = await startInboxUnderTest()
    channel = await connectWhatsApp(t)
    await makeRule(t, {})
  })
  after(() => t.stop())

  const delivery = (from: string, id = `wamid.e${n++}`, text = 'hello') =>
    textDelivery(channel, { id, from, at: t.clock.now(), text })
  const hear = async (given: object): Promise<void> => {
    assert.equal(await post(t, channel, given), 200)
    await t.settle()
  }
  const contacts = async () =>
    (
      await sql<{ id: string; state: string; display_name: Buffer | null }>`
        select id, state, display_name from contact order by created_at, id`.execute(t.db)
    ).rows
  const active = async (): Promise<string> => {
    const found = (await contacts()).filter(({ state }) => state === 'active')
    assert.equal(found.length, 1)
    return found[0]?.id ?? ''
  }
  const held = async (contact: string): Promise<number> => {
    let rows = 0
    for (const table of ['message', 'conversation', 'contact_identity', 'consent'])
      rows += (await sql`select from ${sql.table(table)} where contact_id = ${contact}`.execute(t.db)).rows
        .length
    return rows
  }
  const headers = async (): Promise<Set<string>> => {
    const { rows } = await sql<{ sealed: Buffer }>`
      select display_name as sealed from contact where display_name is not null
      union all select value from contact_identity union all select body from message`.execute(t.db)
    return new Set(rows.map(({ sealed }) => describeField(sealed).keyId))
  }

  test('policy 2.2-a: what is held of a contact is sealed under the contact’s own key, in deliveries under that of their day', async () => {
    await hear(delivery(NUMBER))
    await hear(delivery('15551230002'))
    // Two contacts: name, number and messages of each under one key, and none under the workspace's.
    assert.equal((await headers()).size, 2)
    const { rows } = await sql<{ raw: Buffer }>`select raw from inbound`.execute(t.db)
    const days = new Set(rows.map(({ raw }) => describeField(raw).keyId))
    assert.equal(days.size, 1)
    assert.ok([...(await headers())].every((id) => !days.has(id)))
    await sql`delete from contact`.execute(t.db)
  })

  test('the key of a contact is asked for once, and those of a page together', async () => {
    await Promise.all(['15551230011', '15551230012', '15551230013'].map((from) => hear(delivery(from))))
    const known = (await contacts()).map(({ id }) => id)
    t.surety.forgetPersons(t.workspace, known)
    t.twin.calls.length = 0
    const asksFor = (body: unknown): boolean => known.some((id) => JSON.stringify(body).includes(id))
    const asked = () =>
      t.twin.calls.filter(({ path, body }) => path.endsWith('/persons/keys') && asksFor(body)).length
    const read = () => t.api('GET', '/inbox/conversations')
    await Promise.all([read(), read(), read()])
    assert.ok(asked() <= 2, String(asked()))
    const before = asked()
    const { body } = await read()
    assert.equal(asked(), before)
    assert.equal((body['conversations'] as unknown[]).length, 3)
    await sql`delete from contact`.execute(t.db)
  })

  test('GDPR article 17: an erased contact leaves a row of an id, and nothing of them is shown before that', async () => {
    await hear(delivery(NUMBER))
    const contact = await active()
    const { body } = await t.api('GET', '/inbox/conversations')
    const [shown] = body['conversations'] as { id: string }[]
    assert.ok((await held(contact)) > 3)
    t.twin.erase(t.workspace, contact)
    t.surety.forgetPersons(t.workspace, [contact])
    const { body: between } = await t.api('GET', `/inbox/conversations/${shown?.id}`)
    assert.ok(!JSON.stringify(between).includes('Sample person'))
    assert.deepEqual(between['identities'], [])
    assert.equal(await t.inbox.followErasures(), 1)
    assert.equal(await held(contact), 0)
    const left = (await contacts()).find(({ id }) => id === contact)
    assert.deepEqual([left?.state, left?.display_name], ['erased', null])
    assert.equal((await t.api('GET', `/inbox/conversations/${shown?.id}`)).status, 404)
    const { rows } = await sql`select from inbound where raw is not null`.execute(t.db)
    assert.equal(rows.length, 0)
    assert.equal(await t.inbox.followErasures(), 0)
    await t.inbox.relay()
    const event = [...t.twin.events.values()].find(({ type }) => type === 'contact.erased')
    assert.equal(event?.target?.id, contact)
    assert.ok(!JSON.stringify(event).includes(NUMBER))
  })

  test('a delivery that the provider repeats brings nobody back, and a new message makes a new person', async () => {
    const first = delivery(NUMBER, 'wamid.repeated', 'hello again')
    await hear(first)
    const contact = await active()
    t.twin.erase(t.workspace, contact)
    await t.inbox.followErasures()
    const before = (await contacts()).length
    await hear(first)
    // The same message in another envelope, as a provider may batch it.
    await hear({ ...first, repeated: true })
    assert.equal((await contacts()).length, before)
    await hear(delivery(NUMBER))
    const next = await active()
    assert.notEqual(next, contact)
    await hear({ ...first, repeated: 'twice' })
    const { rows } = await sql`select from message where contact_id = ${next} and direction = 'in'`.execute(
      t.db,
    )
    assert.equal(rows.length, 1)
    t.clock.advance(9 * 86_400)
    await t.run('expire')
    assert.equal((await sql`select from erased_message`.execute(t.db)).rows.length, 0)
  })

  test('a message that arrives before the rows are gone makes a new person too', async () => {
    const contact = await active()
    t.twin.erase(t.workspace, contact)
    t.surety.forgetPersons(t.workspace, [contact])
    await hear(delivery(NUMBER))
    assert.notEqual(await active(), contact)
    assert.equal(await held(contact), 0)
  })

  test('a contact that a restore brought back although the key was destroyed since is removed again', async () => {
    const contact = await active()
    const { rows } = await sql<{
      name: Buffer
    }>`select display_name as name from contact where id = ${contact}`.execute(t.db)
    t.twin.erase(t.workspace, contact)
    await t.inbox.followErasures()
    await sql`update contact set state = 'active', erased_at = null, display_name = ${rows[0]?.name} where id = ${contact}`.execute(
      t.db,
    )
    assert.equal(await t.inbox.followErasures(), 0)
    const started = await t.restarted()
    assert.ok((await started.followErasures()) >= 1)
    assert.equal((await contacts()).find(({ id }) => id === contact)?.state, 'erased')
  })

  test('GDPR article 17: a contact that cannot be removed keeps no other one waiting, and is tried again', async () => {
    await sql`delete from contact`.execute(t.db)
    await hear(delivery('15551230021'))
    await hear(delivery('15551230022'))
    const [first, second] = (await contacts()).map(({ id }) => id)
    assert.ok(first !== undefined && second !== undefined)
    await sql`create table refused as select ${first}::uuid as contact`.execute(t.db)
    await sql`create function refuse() returns trigger language plpgsql security definer as $$ begin
      if exists (select from refused where contact = old.contact_id) then raise exception 'refused'; end if;
      return old; end $$`.execute(t.db)
    await sql`create trigger refuse before delete on contact_identity for each row execute function refuse()`.execute(
      t.db,
    )
    for (const contact of [first, second]) t.twin.erase(t.workspace, contact)
    await assert.rejects(t.inbox.followErasures(), AggregateError)
    const stateOf = async (id: string) => (await contacts()).find((one) => one.id === id)?.state
    assert.deepEqual([await stateOf(first), await stateOf(second)], ['active', 'erased'])
    await sql`drop function refuse cascade`.execute(t.db)
    await sql`drop table refused`.execute(t.db)
    assert.equal(await t.inbox.followErasures(), 1)
    assert.equal(await stateOf(first), 'erased')
  })

  test('GDPR article 17: an erasure that was committed long after its id was made is found within the hour', async () => {
    await sql`delete from contact`.execute(t.db)
    await hear(delivery(NUMBER))
    const contact = await active()
    await t.inbox.followErasures()
    t.twin.erase(t.workspace, contact)
    const late = t.twin.erasures.pop()
    assert.ok(late !== undefined)
    t.twin.erasures.unshift({ ...late, id: '01880000-0000-7000-8000-000000000001' })
    assert.equal(await t.inbox.followErasures(), 0)
    t.clock.advance(3600)
    assert.equal(await t.inbox.followErasures(), 1)
    assert.equal(await held(contact), 0)
  })

  test('the keys of days end once nothing is kept of their deliveries', async () => {
    await sql`delete from inbound`.execute(t.db)
    await hear(delivery('15551239999'))
    t.clock.advance(5 * 86_400)
    const ended = () => t.twin.erasures.filter(({ person }) => person.startsWith('deliveries-')).length
    await t.run('end-day-keys')
    assert.equal(ended(), 0, 'its bytes are kept still')
    await t.run('expire')
    await t.run('end-day-keys')
    assert.equal(ended(), 1)
  })

  test('policy 2.3-a.1: what older versions sealed under the workspace’s key moves in the background, and opens all the while', async () => {
    await sql`delete from inbound`.execute(t.db)
    await sql`delete from contact`.execute(t.db)
    await hear(delivery(NUMBER))
    const contact = await active()
    const under = await oldForm(t, contact)
    const read = async (): Promise<string> =>
      JSON.stringify((await t.api('GET', '/inbox/conversations')).body)
    assert.ok((await read()).includes('Sample person'))
    assert.deepEqual(await headers(), new Set([under]))
    await hear(delivery(NUMBER))
    assert.equal((await headers()).size, 2)
    await t.run('move-contacts')
    assert.ok(!(await headers()).has(under))
    assert.equal((await headers()).size, 1)
    assert.ok((await read()).includes('Sample person'))
    const { rows } = await sql`select from contact where keyed_at is null and state <> 'erased'`.execute(t.db)
    assert.equal(rows.length, 0)
  })
})

/** Seals what is held of a contact as it was before contacts had keys; returns the id of the workspace's key. */
async function oldForm(t: InboxUnderTest, contact: string): Promise<string> {
  const { vaults, personVaults } = t
  const vault = await vaults(t.workspace)
  const own = (await personVaults(t.workspace, [contact]))(contact)
  let id = ''
  const again = (place: Parameters<typeof vault.seal>[0], sealed: Buffer): Buffer => {
    const plain = own.open(place, sealed)
    assert.ok(plain !== null)
    const old = vault.seal(place, plain)
    assert.ok(!old.subarray(0, fieldHeaderBytes).equals(own.header))
    id = describeField(old).keyId
    return old
  }
  const { rows } = await sql<{ name: Buffer }>`
    select display_name as name from contact where id = ${contact}`.execute(t.db)
  const name = again(['contact', 'display_name', contact], rows[0]?.name ?? Buffer.alloc(0))
  await sql`update contact set display_name = ${name}, keyed_at = null where id = ${contact}`.execute(t.db)
  const { rows: names } = await sql<{ kind: string; value: Buffer }>`
    select kind, value from contact_identity where contact_id = ${contact}`.execute(t.db)
  for (const { kind, value } of names)
    await sql`update contact_identity set value = ${again(['contact_identity', kind, contact], value)}
      where contact_id = ${contact} and kind = ${kind}`.execute(t.db)
  const { rows: messages } = await sql<{ id: string; body: Buffer }>`
    select id, body from message where contact_id = ${contact}`.execute(t.db)
  for (const { id: row, body } of messages)
    await sql`update message set body = ${again(['message', 'body', row], body)} where id = ${row}`.execute(
      t.db,
    )
  return id
}
