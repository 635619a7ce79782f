import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { invitedPerson, type TestPerson } from '../access.fixture.ts'
import { personnelSignature, type PersonnelSecret } from './personnel.ts'
import { sampleUser, scimClient, testDirectory, type TestDirectory } from './provisioning.fixture.ts'

suite('what a directory or personnel system may do is what its maker may do', () => {
  let it: TestDirectory
  let count = 0

  before(async () => {
    it = await testDirectory()
  })
  after(() => it.close())

  const person = (role: Parameters<typeof invitedPerson>[3]): Promise<TestPerson> => {
    count += 1
    return invitedPerson(it, it.owner, `power-${count}@example.org`, role)
  }
  const peopleEditor = async () =>
    it.access.roles.make(await it.owner.context(), {
      name: `People ${count}`,
      permissions: ['people.read', 'people.edit', 'rule.read'],
      jobFunctions: ['customer service'],
    })
  const wish = () => ({ workspace: it.owner.workspace, label: 'theirs', seconds: 3600 })
  const tell = async (
    connection: { readonly id: string; readonly secret: PersonnelSecret },
    event: object,
  ): Promise<number> => {
    const body = JSON.stringify(event)
    const at = String(Math.floor(it.clock.now().getTime() / 1000))
    const reply = await it.door.request(`/api/access/hr/${connection.id}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'surety-timestamp': at,
        'surety-signature': personnelSignature(connection.secret, at, body),
      },
      body,
    })
    await it.access.leavers.settled()
    return reply.status
  }
  const roleOf = (account: string) =>
    it.db
      .selectFrom('membership')
      .select(['role', 'suspended_at'])
      .where('account_id', '=', account)
      .where('workspace_id', '=', it.owner.workspace)
      .executeTakeFirst()
  const outcomesOf = async (connection: string) => {
    const rows = await it.db
      .selectFrom('personnel_event')
      .select(['outcome', 'done_at'])
      .where('connection_id', '=', connection)
      .execute()
    return rows.map(({ outcome, done_at }) => (done_at === null ? 'waits' : String(outcome))).toSorted()
  }

  test('policy 3.2-a: nobody who may give some roles only connects what gives every role', async () => {
    const limited = await person(await peopleEditor())
    const context = await limited.context()
    assert.ok(context.caller.permissions.has('people.edit'))
    await assert.rejects(it.access.directory.makeToken(context, wish()), { code: 'access.denied' })
    await assert.rejects(it.access.directory.connectPersonnel(context, 'theirs'), { code: 'access.denied' })
    const { id } = await it.access.directory.makeToken(await it.owner.context(), wish())
    const rotated = { workspace: it.owner.workspace, id, seconds: 60 }
    await assert.rejects(it.access.directory.rotateToken(context, rotated), { code: 'access.denied' })
  })

  test('policy 3.2-a: tokens and connections of an administrator who is one no more are worth nothing', async () => {
    const admin = await person('admin')
    const { token } = await it.access.directory.makeToken(await admin.context(), wish())
    const connection = await it.access.directory.connectPersonnel(await admin.context(), 'theirs')
    const role = await peopleEditor()
    const jobFunction = 'customer service'
    await it.access.people.changeRole(await it.owner.context(), admin.id, { role, jobFunction })
    assert.equal((await scimClient(it, token)('GET', '/Users')).status, 401)
    const event = { id: 'self', type: 'moved', email: admin.email, job: 'administration' }
    assert.equal(await tell(connection, event), 401)
    assert.equal((await roleOf(admin.id))?.role, role)
  })

  test('policy 3.2-a: an administrator’s personnel system removes no owner, and makes nobody one', async () => {
    const admin = await person('admin')
    const connection = await it.access.directory.connectPersonnel(await admin.context(), 'theirs')
    const left = { id: 'e1', type: 'left', email: it.owner.email, successor: admin.email }
    assert.equal(await tell(connection, left), 200)
    assert.deepEqual(await roleOf(it.owner.id), { role: 'owner', suspended_at: null })
    assert.equal((await roleOf(admin.id))?.role, 'admin')
    assert.deepEqual(await outcomesOf(connection.id), ['refused: access.denied'])
  })

  test('policy 3.2-c: what was told for later gives nothing any more once the connection has ended', async () => {
    const admin = await person('admin')
    const agent = await person('agent')
    const connection = await it.access.directory.connectPersonnel(await admin.context(), 'theirs')
    const effectiveAt = new Date(it.clock.now().getTime() + 600_000).toISOString()
    const more = { effectiveAt }
    await tell(connection, { id: '1', type: 'joined', email: 'friend@example.org', ...more })
    await tell(connection, { id: '2', type: 'moved', email: agent.email, job: 'administration', ...more })
    await tell(connection, { id: '3', type: 'left', email: it.owner.email, ...more })
    await tell(connection, { id: '4', type: 'left', email: agent.email, ...more })
    await it.access.people.remove(await it.owner.context(), admin.id)
    await it.owner.context()
    it.clock.advanceSeconds(900)
    assert.equal(await it.access.directory.carryOutDue(), 4)
    await it.access.leavers.settled()
    assert.deepEqual(await outcomesOf(connection.id), [
      'access withdrawn',
      'refused: access.denied',
      'refused: access.denied',
      'refused: access.denied',
    ])
    assert.notEqual((await roleOf(agent.id))?.suspended_at, null)
  })

  test('an event that cannot be carried out keeps those of other workspaces waiting no longer', async () => {
    const connection = await it.access.directory.connectPersonnel(await it.owner.context(), 'sample')
    const agent = await person('agent')
    const effectiveAt = new Date(it.clock.now().getTime() + 600_000).toISOString()
    await tell(connection, { id: 'broken', type: 'left', email: 'nobody@example.org', effectiveAt })
    const content = Buffer.from('nothing that any key opens')
    await it.db.updateTable('personnel_event').set({ content }).where('done_at', 'is', null).execute()
    const later = new Date(it.clock.now().getTime() + 601_000).toISOString()
    await tell(connection, { id: 'good', type: 'left', email: agent.email, effectiveAt: later })
    await it.owner.context()
    it.clock.advanceSeconds(900)
    await it.access.directory.carryOutDue()
    await it.access.leavers.settled()
    assert.deepEqual(await outcomesOf(connection.id), ['access withdrawn', 'waits'])
  })

  test('policy 3.2-a: an invitation by a directory is worth nothing once its maker is gone', async () => {
    const admin = await person('admin')
    const { token } = await it.access.directory.makeToken(await admin.context(), wish())
    const made = await scimClient(it, token)('POST', '/Users', sampleUser('way-back'))
    assert.equal(made.status, 201)
    const letter = (await it.messages()).findLast(({ to }) => to === 'way-back@example.org')
    const link = /#(\S+)/.exec(letter?.text ?? '')?.[1] ?? ''
    await it.access.people.remove(await it.owner.context(), admin.id)
    const welcome = { token: link, name: 'Sample', password: 'Sample-Passw0rd-for-tests' }
    const context = { ...(await it.owner.context()) }
    await assert.rejects(it.access.redeem(context, welcome), { code: 'access.link-expired' })
  })
})
