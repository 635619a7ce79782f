import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import { sql } from 'kysely'
import { newId } from '../../kernel/id.ts'
import {
  permissions,
  type OwnRoleId,
  type Permission,
  type StaffRole,
  type WorkspaceRole,
} from '../../kernel/permission.ts'
import {
  callerOf,
  contextOf,
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { accessChanged } from '../changed.ts'
import { explainAccount } from './explain.ts'
import { KEY_SCOPES, ROLE_JOBS, STAFF_JOBS, WORKSPACE_ROLES } from './role-table.ts'
import { decide } from './roles.ts'

const ALL = Object.keys(permissions) as Permission[]

suite('why somebody may do something', () => {
  let it: TestAccess
  let owner: TestPerson
  let person: TestPerson
  let own: OwnRoleId

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
    person = await invitedPerson(it, owner, 'subject@example.org', 'agent')
    own = await it.access.roles.make(await owner.context(), {
      name: 'Sample role',
      permissions: ['rule.read', 'channel.edit'],
      jobFunctions: ['customer service'],
    })
  })
  after(() => it.close())

  /** Puts the person into roles, as a row in the database is. */
  async function place(role: WorkspaceRole, staff: StaffRole | null, suspended = false): Promise<void> {
    const at = it.clock.now()
    await it.db.transaction().execute(async (tx) => {
      const job_function =
        role in ROLE_JOBS ? ROLE_JOBS[role as keyof typeof ROLE_JOBS][0] : 'customer service'
      const set = { role, job_function, role_until: null, suspended_at: suspended ? at : null }
      await tx.updateTable('membership').set(set).where('account_id', '=', person.id).execute()
      await tx.deleteFrom('staff').where('account_id', '=', person.id).execute()
      if (staff !== null)
        await tx
          .insertInto('staff')
          .values({ account_id: person.id, role: staff, job_function: STAFF_JOBS[staff][0], created_at: at })
          .execute()
      await accessChanged(tx, { account: person.id })
    })
  }

  const explained = async (permission: Permission) =>
    explainAccount(it, person.id, { workspace: owner.workspace, session: null }, permission)

  test('policy 3.2-a: the explanation and the decision agree, for every role and every permission', async () => {
    const roles: WorkspaceRole[] = [...(Object.keys(WORKSPACE_ROLES) as WorkspaceRole[]), own]
    const staffRoles = Object.keys(STAFF_JOBS) as StaffRole[]
    const held: (readonly [WorkspaceRole, StaffRole | null])[] = [
      ...roles.map((role) => [role, null] as const),
      ...staffRoles.map((staff) => ['agent', staff] as const),
    ]
    for (const [role, staff] of held) {
      await place(role, staff)
      const caller = await callerOf(it.access, person.token)
      assert.equal(caller.level, 'full')
      for (const permission of ALL) {
        const explanation = await explained(permission)
        const decision = decide(caller, permission, 'full')
        assert.equal(explanation.allowed, decision.allow, `${role} ${staff} ${permission}`)
        assert.equal(explanation.sources.length > 0, decision.allow, `${role} ${staff} ${permission}`)
        assert.ok(explanation.because.length > 0)
      }
    }
    await place('agent', null, true)
    for (const permission of ALL)
      assert.equal(
        (await explained(permission)).allowed,
        decide(await callerOf(it.access, person.token), permission, 'full').allow,
        permission,
      )
    await place('agent', null)
  })

  test('policy 4.3-a.2: the explanation of a key and the decision about it agree, whatever its scopes and its maker’s role', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...KEY_SCOPES], { minLength: 1 }),
        fc.constantFrom<WorkspaceRole>('owner', 'admin', 'agent', 'auditor', own),
        async (scopes, role) => {
          await place(role, null)
          const wish = { workspace: owner.workspace, account: person.id, label: 's', scopes, seconds: 60 }
          const made = await it.access.apiKeys.make(contextOf(), wish)
          const caller = await it.access.identify(
            new Request('https://localhost/', { headers: { authorization: `Bearer ${made.key}` } }),
            { ip: '192.0.2.7', userAgent: '' },
          )
          const context = await owner.context()
          for (const permission of ALL) {
            const { allowed } = await it.access.roles.explain(context, { permission, key: made.id })
            assert.equal(allowed, decide(caller, permission, 'full').allow, `${role} ${permission}`)
          }
        },
      ),
      { numRuns: 8 },
    )
    await place('agent', null)
  })

  test('policy 4.3-a.2: a program that acts by OAuth is explained by its scopes and by what its maker may do now', async () => {
    const id = newId(it.clock)
    const at = it.clock.now()
    await it.db
      .insertInto('oauth_client')
      .values({
        id,
        workspace_id: owner.workspace,
        account_id: person.id,
        name: Buffer.alloc(1),
        auth_method: 'client_secret_basic',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        logout_redirect_uris: [],
        scopes: ['rule.read', 'channel.edit'],
        created_at: at,
        expires_at: new Date(at.getTime() + 3_600_000),
      })
      .execute()
    const asked = async (permission: Permission) =>
      it.access.roles.explain(await owner.context(), { permission, client: id })
    assert.equal((await asked('rule.read')).allowed, true)
    assert.deepEqual((await asked('channel.read')).because.slice(-1), ['It was not given this scope.'])
    assert.deepEqual((await asked('channel.edit')).because.slice(-1), [
      'Whoever made it may not do it any more.',
    ])
    assert.deepEqual((await asked('people.edit')).because.slice(-1), [
      'No program can be given this permission.',
    ])
    await place('agent', null, true)
    assert.equal((await asked('rule.read')).allowed, false)
    await place('agent', null)
    assert.equal((await asked('rule.read')).allowed, true)
  })

  test('policy 3.2-a: an explanation names the role, who gave it and when, and who could give what is missing', async () => {
    const allowed = await explained('conversation.reply')
    const [source] = allowed.sources
    assert.deepEqual(
      [source?.by, source?.what, source?.grantor?.id, source?.via],
      ['role', 'agent', owner.id, 'invitation'],
    )
    const refused = await explained('channel.edit')
    assert.deepEqual(
      refused.wouldAllow.map(({ what }) => what).toSorted(),
      ['admin', 'owner', own].toSorted(),
    )
    assert.deepEqual(refused.couldGive, [owner.id])
    const sensitive = await explained('policy.publish')
    assert.ok(sensitive.wouldAllow.some(({ kind }) => kind === 'elevation'))
  })

  test('policy 3.2-a: explanations are for oneself, for members of the own workspace, and for nobody else', async () => {
    const context = await person.context()
    assert.equal((await it.access.roles.explain(context, { permission: 'rule.read' })).allowed, true)
    const stranger = await firstLike()
    await assert.rejects(it.access.roles.explain(context, { permission: 'rule.read', account: stranger }), {
      code: 'resource.unknown',
    })
    const key = '0190d3f0-0000-7000-8000-00000000abcd'
    await assert.rejects(it.access.roles.explain(context, { permission: 'rule.read', key }), {
      code: 'access.denied',
    })
  })

  async function firstLike(): Promise<string> {
    const one = await invitedPerson(it, owner, 'elsewhere@example.org', 'agent')
    await it.access.people.remove(await owner.context(), one.id)
    return one.id
  }

  test('policy 3.2-b: what a member holds for a quarter and never uses is reported, with the last day of use', async () => {
    await it.db.updateTable('role_grant').set({ granted_at: it.clock.now() }).execute()
    const ask = () =>
      it.door.request('/api/access/roles', { headers: { cookie: `__Host-surety=${person.token}` } })
    assert.equal((await ask()).status, 200)
    await it.access.flushUses()
    const used = await it.access.roles.lastUsed(person.id, owner.workspace)
    assert.equal(used.get('people.read'), it.clock.now().toISOString().slice(0, 10))
    // The machine applied the migration at its own time; uses count from then on.
    await sql`update migration set applied_at = ${it.clock.now()}`.execute(it.db)
    const context = await owner.context()
    assert.deepEqual(await it.access.roles.unused(context), [])
    it.clock.advanceSeconds(89 * 86_400)
    assert.deepEqual(await it.access.roles.unused(context), [])
    it.clock.advanceSeconds(86_400)
    const found = (await it.access.roles.unused(context)).find(({ account }) => account === person.id)
    const unused = found?.unused.map(({ permission }) => permission)
    assert.deepEqual(unused?.toSorted(), [
      'channel.read',
      'conversation.read',
      'conversation.reply',
      'rule.read',
    ])
    it.clock.advanceSeconds(86_400)
    const later = (await it.access.roles.unused(context)).find(({ account }) => account === person.id)
    const day = later?.unused.find(({ permission }) => permission === 'people.read')?.lastUsed
    assert.equal(day, used.get('people.read'))
  })
})
