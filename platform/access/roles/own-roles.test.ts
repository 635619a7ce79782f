import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { OwnRoleId, Permission } from '../../kernel/permission.ts'
import {
  callerOf,
  codeNow,
  contextOf,
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'

suite('roles of a workspace, the map of jobs and duties kept apart', () => {
  let it: TestAccess
  let owner: TestPerson
  let admin: TestPerson

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
    admin = await invitedPerson(it, owner, 'admin@example.org', 'admin')
  })
  after(() => it.close())

  /** Signs in again, so that the second factor was proved a moment ago. */
  async function anew(person: TestPerson): Promise<TestPerson> {
    it.clock.advanceSeconds(30)
    const begun = await it.access.signIn.begin(contextOf(), person.id, person.workspace)
    const context = contextOf(await callerOf(it.access, begun.token))
    const code = codeNow(it.clock, person.secret)
    const { token } = await it.access.signIn.code(context, { code, device: null })
    return { ...person, token, context: async () => contextOf(await callerOf(it.access, token)) }
  }

  const send = async (by: TestPerson, method: string, path: string, body?: object): Promise<Response> =>
    it.door.request(path, {
      method,
      headers: { cookie: `__Host-surety=${by.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })

  let count = 0
  const make = async (wish: object = {}, by = owner): Promise<Response> => {
    count += 1
    const role = { name: `Role ${count}`, permissions: ['rule.read'], jobFunctions: ['customer service'] }
    return send(by, 'POST', '/api/access/roles', { ...role, ...wish })
  }
  const made = async (wish: object = {}): Promise<OwnRoleId> =>
    ((await (await make(wish)).json()) as { id: OwnRoleId }).id
  const rights = async (person: TestPerson): Promise<Permission[]> =>
    [...(await callerOf(it.access, person.token)).permissions].sort()

  test('policy 3.2-a: a role of the workspace gives exactly its permissions, through invitation and change', async () => {
    owner = await anew(owner)
    const role = await made({ permissions: ['rule.read', 'channel.read'] })
    const person = await invitedPerson(it, owner, 'exact@example.org', role)
    assert.deepEqual(await rights(person), [
      'channel.read',
      'public',
      'rule.read',
      'self.account',
      'self.sign-in',
      'workspace.switch',
    ])
    assert.equal((await send(person, 'GET', '/api/people')).status, 403)
    const wish = { name: 'Wider', permissions: ['people.read'], jobFunctions: ['customer service'] }
    assert.equal((await send(owner, 'PUT', `/api/access/roles/${role}`, wish)).status, 200)
    assert.equal((await send(person, 'GET', '/api/people')).status, 200)
    assert.equal((await callerOf(it.access, person.token)).permissions.has('channel.read'), false)
  })

  test('policy 3.2-a: nobody makes a role that allows more than their own, nor one of the provider’s or a wildcard', async () => {
    owner = await anew(owner)
    admin = await anew(admin)
    assert.equal((await make({ permissions: ['conversation.reply'] }, admin)).status, 403)
    assert.equal((await make({ permissions: ['conversation.reply'] }, owner)).status, 200)
    for (const permission of [
      'platform.people',
      'policy.publish',
      'operator.local',
      'account.reset',
      'self.account',
    ])
      assert.equal((await make({ permissions: [permission] })).status, 403, permission)
    for (const permission of ['*', 'conversation.*', '', 'PEOPLE.EDIT'])
      assert.equal((await make({ permissions: [permission] })).status, 422, permission)
    assert.equal((await make({ permissions: [] })).status, 422)
    assert.equal((await make({ name: 'Owner' })).status, 409)
  })

  test('policy 3.2-a: whoever may change people by a role of the workspace gives no more than that role', async () => {
    owner = await anew(owner)
    const keeper = await made({
      permissions: ['people.read', 'people.edit', 'role.edit', 'rule.read'],
      jobFunctions: ['administration'],
    })
    const person = await anew(await invitedPerson(it, owner, 'keeper@example.org', keeper))
    const small = await made({ permissions: ['rule.read'] })
    const invite = (role: string, email: string) =>
      send(person, 'POST', '/api/people/invitations', { email, role })
    assert.equal((await invite(small, 'small@example.org')).status, 200)
    for (const role of ['agent', 'admin', 'owner', 'auditor'])
      assert.equal((await invite(role, `${role}@example.com`)).status, 403, role)
    const target = await invitedPerson(it, owner, 'target@example.org', 'agent')
    assert.equal((await send(person, 'POST', `/api/people/${target.id}/role`, { role: small })).status, 403)
    assert.equal((await send(person, 'POST', `/api/people/${target.id}/remove`, {})).status, 403)
    assert.equal((await send(person, 'POST', `/api/people/${owner.id}/suspend`, {})).status, 403)
    const more = {
      name: 'More',
      permissions: ['rule.read', 'audit.read'],
      jobFunctions: ['customer service'],
    }
    assert.equal((await send(person, 'PUT', `/api/access/roles/${small}`, more)).status, 403)
    assert.equal((await send(person, 'PUT', `/api/access/roles/${keeper}`, more)).status, 403)
  })

  test('policy 3.2-a: a role in use is not removed, and the refusal says by how many', async () => {
    owner = await anew(owner)
    const role = await made()
    const person = await invitedPerson(it, owner, 'in-use@example.org', role)
    const refused = await send(owner, 'DELETE', `/api/access/roles/${role}`)
    assert.equal(refused.status, 409)
    assert.match(await refused.text(), /1 members and 0 open invitations/)
    await it.access.people.remove(await owner.context(), person.id)
    const { id } = await it.access.people.invite(await owner.context(), { email: 'late@example.org', role })
    assert.match(
      await (await send(owner, 'DELETE', `/api/access/roles/${role}`)).text(),
      /1 open invitations/,
    )
    await it.access.people.withdrawInvitation(await owner.context(), id)
    assert.equal((await send(owner, 'DELETE', `/api/access/roles/${role}`)).status, 200)
    const left = await it.db.selectFrom('own_role').select('id').where('id', '=', role).execute()
    assert.deepEqual(left, [])
  })

  test('policy 3.2-a: a role of another workspace is no role here, in whatever case its id is written', async () => {
    owner = await anew(owner)
    const other = await it.access.workspaces.makeSample(contextOf())
    const foreign = '0190d3f0-0000-7000-8000-00000000abcd'
    await it.db
      .insertInto('own_role')
      .values({
        id: foreign,
        workspace_id: other.id,
        name: Buffer.alloc(1),
        permissions: ['people.edit'],
        job_functions: ['administration'],
        created_at: it.clock.now(),
        changed_at: it.clock.now(),
      })
      .execute()
    const body = { email: 'foreign@example.org', role: foreign }
    assert.equal((await send(owner, 'POST', '/api/people/invitations', body)).status, 404)
    assert.equal((await send(owner, 'POST', `/api/people/${admin.id}/role`, { role: foreign })).status, 404)
    await assert.rejects(
      it.db.updateTable('membership').set({ role: foreign }).where('account_id', '=', admin.id).execute(),
    )
    const mine = await made({ jobFunctions: ['administration'] })
    const shouted = await send(owner, 'POST', `/api/people/${admin.id}/role`, { role: mine.toUpperCase() })
    assert.equal(shouted.status, 200)
    const back = await send(owner, 'POST', `/api/people/${admin.id}/role`, { role: 'admin' })
    assert.equal(back.status, 200)
  })

  test('policy 3.2-a: a role outside the map of jobs is refused, unless with a reason and an end at which it allows nothing', async () => {
    owner = await anew(owner)
    const agent = await invitedPerson(it, owner, 'agent@example.org', 'agent')
    const give = (body: object) => send(owner, 'POST', `/api/people/${agent.id}/role`, body)
    assert.equal((await give({ role: 'auditor' })).status, 409)
    const reason = 'Stands in during the yearly audit.'
    const until = (days: number) => new Date(it.clock.now().getTime() + days * 86_400_000).toISOString()
    assert.equal((await give({ role: 'auditor', exception: { reason, until: until(91) } })).status, 422)
    assert.equal((await give({ role: 'auditor', exception: { reason, until: until(-1) } })).status, 422)
    assert.equal((await give({ role: 'owner', exception: { reason, until: until(1) } })).status, 409)
    const soon = new Date(it.clock.now().getTime() + 600_000).toISOString()
    assert.equal((await give({ role: 'auditor', exception: { reason, until: soon } })).status, 200)
    const [grant] = await it.access.roles.history(await owner.context(), agent.id)
    assert.deepEqual([grant?.exception?.reason, grant?.by.id], [reason, owner.id])
    const stored = JSON.stringify(await it.db.selectFrom('role_grant').selectAll().execute())
    assert.equal(stored.includes('yearly audit'), false)
    const standing = await callerOf(it.access, agent.token)
    assert.equal(standing.permissions.has('audit.read'), true)
    it.clock.advanceSeconds(600)
    // The very same caller, asked again without anybody having looked anything up.
    assert.equal(standing.permissions.has('audit.read'), false)
    assert.equal((await callerOf(it.access, agent.token)).permissions.has('rule.read'), false)
  })

  test('policy 3.2-a: a personnel system that moves somebody to other work ends a role that is not for it', async () => {
    owner = await anew(owner)
    const agent = await invitedPerson(it, owner, 'mover@example.org', 'agent')
    const move = async (title: string) =>
      it.db.transaction().execute(async (tx) => {
        const wanted = { account: agent.id, workspace: owner.workspace, title }
        await it.access.roles.setJob(tx, await owner.context(), wanted)
      })
    await move('ADMINISTRATION ')
    assert.equal((await callerOf(it.access, agent.token)).permissions.has('rule.read'), true)
    await move('Juggler')
    assert.equal((await callerOf(it.access, agent.token)).permissions.has('rule.read'), false)
    const member = (await it.access.people.list(await owner.context())).members.find(
      ({ id }) => id === agent.id,
    )
    assert.equal(member?.jobFunction, null)
  })

  test('policy 3.2-a: a workspace names its own work and the roles for it, and cannot orphan whoever does it', async () => {
    owner = await anew(owner)
    const put = (body: object) => send(owner, 'PUT', '/api/access/job-functions', body)
    const remove = (name: string) => send(owner, 'POST', '/api/access/job-functions/remove', { name })
    assert.equal((await put({ name: 'Audit', roles: [] })).status, 409)
    assert.equal((await put({ name: 'Team lead', roles: ['admin', 'agent'] })).status, 200)
    const invite = { email: 'lead@example.org', role: 'admin', jobFunction: 'team lead' }
    assert.equal((await send(owner, 'POST', '/api/people/invitations', invite)).status, 200)
    const wrong = { email: 'lead2@example.org', role: 'auditor', jobFunction: 'Team lead' }
    assert.equal((await send(owner, 'POST', '/api/people/invitations', wrong)).status, 409)
    const moved = { role: 'admin', jobFunction: 'Team lead' }
    assert.equal((await send(owner, 'POST', `/api/people/${admin.id}/role`, moved)).status, 200)
    assert.equal((await put({ name: 'Team lead', roles: ['agent'] })).status, 409)
    assert.equal((await remove('Team lead')).status, 409)
    assert.equal(
      (await send(owner, 'POST', `/api/people/${admin.id}/job`, { jobFunction: 'administration' })).status,
      200,
    )
    assert.equal((await remove('Team lead')).status, 200)
  })

  test('policy 3.2-a: duties that a workspace keeps apart meet in no role and in no member, owners aside', async () => {
    owner = await anew(owner)
    const rule = (permissions: string[], name = 'Keys and log') =>
      send(owner, 'POST', '/api/access/duties', { name, permissions })
    assert.match(await (await rule(['api-key.edit', 'audit.read'])).text(), /0 roles and \d+ members hold/)
    assert.equal((await rule(['rule.edit', 'rule.edit'])).status, 422)
    assert.equal((await rule(['rule.edit', 'conversation.reply'], 'Writes rules, or answers')).status, 200)
    assert.equal((await rule(['conversation.reply', 'rule.edit'])).status, 409)
    const both = await make({ permissions: ['rule.edit', 'conversation.reply'] })
    assert.equal(both.status, 409)
    assert.match(await both.text(), /Writes rules, or answers/)
    const role = await made({ permissions: ['rule.edit'] })
    const grown = {
      name: 'Grown',
      permissions: ['rule.edit', 'conversation.reply'],
      jobFunctions: ['customer service'],
    }
    assert.equal((await send(owner, 'PUT', `/api/access/roles/${role}`, grown)).status, 409)
    assert.equal((await callerOf(it.access, owner.token)).permissions.has('conversation.reply'), true)
    const own = (await it.access.roles.duties(await owner.context())).find((one) => one.own)
    assert.equal((await send(owner, 'DELETE', `/api/access/duties/${own?.id}`)).status, 200)
    assert.equal((await send(owner, 'PUT', `/api/access/roles/${role}`, grown)).status, 200)
  })
})
