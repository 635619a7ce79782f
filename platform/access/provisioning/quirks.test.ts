import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { invitedPerson } from '../access.fixture.ts'
import { patchOf, sampleUser, testDirectory, type TestDirectory } from './provisioning.fixture.ts'

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

suite('how directories really speak', () => {
  let it: TestDirectory
  let count = 0

  before(async () => {
    it = await testDirectory()
  })
  after(() => it.close())

  const made = async (more: Record<string, unknown> = {}): Promise<string> => {
    count += 1
    const reply = await it.scim('POST', '/Users', sampleUser(`quirk-${count}`, more))
    assert.equal(reply.status, 201)
    return String(reply.body['id'])
  }
  const read = async (id: string) => (await it.scim('GET', `/Users/${id}`)).body
  const change = async (id: string, ...operations: Record<string, unknown>[]) => {
    const reply = await it.scim('PATCH', `/Users/${id}`, patchOf(...operations))
    assert.equal(reply.status, 204, JSON.stringify(reply.body))
    return read(id)
  }
  const member = async () => {
    count += 1
    const email = `member-${count}@example.org`
    const person = await invitedPerson(it, it.owner, email, 'agent')
    const reply = await it.scim(
      'POST',
      '/Users',
      sampleUser(`member-${count}`, { emails: [{ primary: true, value: email }] }),
    )
    assert.equal(reply.status, 201)
    return { person, id: String(reply.body['id']) }
  }

  test('trap 11, Entra: `active` as the text “False”, in any case, withdraws access within the request', async () => {
    for (const value of ['False', 'false', false]) {
      const { person, id } = await member()
      assert.equal((await person.context()).caller.kind, 'account')
      await change(id, { op: 'Replace', path: 'active', value })
      assert.equal((await person.context()).caller.kind, 'anonymous')
      await it.access.leavers.settled()
    }
  })

  test('trap 11, Entra: `active` without a path, inside an object, withdraws access', async () => {
    const { person, id } = await member()
    await change(id, { op: 'Replace', value: { active: 'False' } })
    assert.equal((await person.context()).caller.kind, 'anonymous')
    await it.access.leavers.settled()
  })

  test('trap 11: a PUT that leaves `active` out disables nobody, and lets nobody in again', async () => {
    const { person, id } = await member()
    const body = sampleUser(`still-here-${id}`)
    assert.equal((await it.scim('PUT', `/Users/${id}`, body)).body['active'], true)
    assert.equal((await person.context()).caller.kind, 'account')
    await change(id, { op: 'replace', path: 'active', value: false })
    await it.access.leavers.settled()
    assert.equal((await it.scim('PUT', `/Users/${id}`, body)).body['active'], false)
    const [row] = await it.db
      .selectFrom('membership')
      .select('suspended_at')
      .where('account_id', '=', person.id)
      .execute()
    assert.ok(row?.suspended_at)
  })

  test('Entra: `emails[type eq "work"].value` changes the one meant, and makes it when it is missing', async () => {
    const id = await made()
    const after = await change(id, {
      op: 'Replace',
      path: 'emails[type eq "work"].value',
      value: 'new@example.org',
    })
    assert.deepEqual(
      (after['emails'] as { value: string }[]).map((one) => one.value),
      ['new@example.org'],
    )
    const phone = await change(id, {
      op: 'Add',
      path: 'phoneNumbers[type eq "mobile"].value',
      value: '+15550100',
    })
    assert.deepEqual(phone['phoneNumbers'], [{ type: 'mobile', value: '+15550100' }])
  })

  test('Entra: paths into the enterprise extension, dotted names without a path, a manager as a plain id', async () => {
    const id = await made()
    const after = await change(
      id,
      { op: 'Add', path: `${ENTERPRISE}:department`, value: 'Tours' },
      { op: 'Add', path: `${ENTERPRISE}:manager`, value: id },
      { op: 'Replace', value: { 'name.familyName': 'Dotted', [`${ENTERPRISE}:costCenter`]: '7' } },
    )
    assert.deepEqual(after[ENTERPRISE], { department: 'Tours', manager: { value: id }, costCenter: '7' })
    assert.equal((after['name'] as { familyName: string }).familyName, 'Dotted')
    assert.ok((after['schemas'] as string[]).includes(ENTERPRISE))
  })

  test('Okta: a PUT replaces everything, and what it does not name is gone', async () => {
    const id = await made({ title: 'Guide', nickName: 'S' })
    const reply = await it.scim(
      'PUT',
      `/Users/${id}`,
      sampleUser('okta-put', { active: true, title: 'Chief' }),
    )
    assert.equal(reply.status, 200)
    assert.equal(reply.body['title'], 'Chief')
    assert.equal(reply.body['nickName'], undefined)
  })

  test('Okta: a look-up by userName finds one or, with status 200, none', async () => {
    await made({ userName: 'Okta.Look.Up' })
    const look = (name: string) =>
      it.scim('GET', `/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}&startIndex=1&count=2`)
    assert.equal((await look('okta.look.up')).body['totalResults'], 1)
    const none = await look('nobody-has-this-name')
    assert.deepEqual([none.status, none.body['totalResults'], none.body['Resources']], [200, 0, []])
  })

  test('Okta: deactivated first, deleted afterwards, and the departure happens once', async () => {
    const { person, id } = await member()
    await change(id, { op: 'replace', value: { active: false } })
    assert.equal((await it.scim('DELETE', `/Users/${id}`)).status, 204)
    await it.access.leavers.settled()
    const rows = await it.db
      .selectFrom('leaver')
      .select(['finished_at', 'still_live'])
      .where('account_id', '=', person.id)
      .execute()
    assert.equal(rows.length, 1)
    assert.ok(rows[0]?.finished_at)
    assert.equal(rows[0].still_live, 0)
  })

  test('a password in the resource is neither taken nor told', async () => {
    const id = await made({ password: 'Sample-pass-2026' })
    assert.equal((await read(id))['password'], undefined)
  })

  test('members are added and removed in every form that directories use', async () => {
    const [one, two, three] = [await made(), await made(), await made()]
    const group = await it.scim('POST', '/Groups', { displayName: 'Forms' })
    const path = `/Groups/${String(group.body['id'])}`
    const members = async (operation: Record<string, unknown>): Promise<number> => {
      assert.equal((await it.scim('PATCH', path, patchOf(operation))).status, 204)
      return ((await it.scim('GET', path)).body['members'] as unknown[] | undefined)?.length ?? 0
    }
    assert.equal(await members({ op: 'Add', path: 'members', value: [{ value: one }, { value: two }] }), 2)
    assert.equal(await members({ op: 'add', value: { members: [{ value: three }] } }), 3)
    assert.equal(await members({ op: 'add', path: 'members', value: { value: three } }), 3)
    assert.equal(await members({ op: 'remove', path: `members[value eq "${one}"]` }), 2)
    assert.equal(await members({ op: 'Remove', path: 'members', value: [{ value: two }] }), 1)
    assert.equal(
      await members({ op: 'replace', path: 'members', value: [{ value: one }, { value: one }] }),
      1,
    )
    assert.equal(await members({ op: 'remove', path: 'members' }), 0)
  })

  test('policy 3.2-a: a group gives its role, its end takes it back, and no group makes an owner', async () => {
    const { person, id } = await member()
    const group = await it.scim('POST', '/Groups', { displayName: 'Auditors', members: [{ value: id }] })
    const groupId = String(group.body['id'])
    const owner = await it.owner.context()
    const roleNow = async () =>
      (
        await it.db
          .selectFrom('membership')
          .select('role')
          .where('account_id', '=', person.id)
          .executeTakeFirst()
      )?.role
    await it.access.directory.setGroupRole(owner, groupId, 'auditor')
    assert.equal(await roleNow(), 'auditor')
    await assert.rejects(it.access.directory.setGroupRole(owner, groupId, 'owner'), /denied/)
    assert.equal((await it.scim('DELETE', `/Groups/${groupId}`)).status, 204)
    assert.equal(await roleNow(), 'agent')
  })

  test('policy 3.2-c: who comes back gets the membership, never an old session, key, password or factor', async () => {
    const { person, id } = await member()
    await change(id, { op: 'replace', path: 'active', value: false })
    await it.access.leavers.settled()
    await change(id, { op: 'replace', path: 'active', value: true })
    const [row] = await it.db
      .selectFrom('membership')
      .select(['suspended_at', 'role'])
      .where('account_id', '=', person.id)
      .execute()
    assert.deepEqual(row, { suspended_at: null, role: 'agent' })
    assert.equal((await person.context()).caller.kind, 'anonymous')
    const factors = await it.db
      .selectFrom('totp_factor')
      .select('id')
      .where('account_id', '=', person.id)
      .execute()
    assert.equal(factors.length, 0)
    const links = await it.db.selectFrom('link').select('kind').where('account_id', '=', person.id).execute()
    assert.deepEqual(links, [{ kind: 'return' }])
  })
})
