import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  callerOf,
  contextOf,
  firstPerson,
  GOOD_PASSWORD,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'

suite('people and links', () => {
  let it: TestAccess
  let owner: TestPerson

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
  })
  after(() => it.close())

  const welcome = (token: string, more: object = {}) =>
    it.access.redeem(contextOf(), { token, name: 'Sample Person', password: GOOD_PASSWORD, ...more })

  test('the first administrator’s link is given until set-up is complete, each making the one before void', async () => {
    const other = await testAccess()
    try {
      const one = await other.access.firstLink(contextOf())
      const two = await other.access.firstLink(contextOf())
      assert.match(two?.link ?? '', /^https:\/\/localhost:8443\/console\/welcome#[\w-]{43}$/)
      const redeem = (token = '') =>
        other.access.redeem(contextOf(), {
          token,
          email: 'first@example.org',
          name: 'Sample',
          password: GOOD_PASSWORD,
        })
      assert.equal(await other.access.linkKind(contextOf(), two?.token ?? ''), 'first-administrator')
      await assert.rejects(other.access.linkKind(contextOf(), one?.token ?? ''), {
        code: 'access.link-expired',
      })
      await assert.rejects(redeem(one?.token), { code: 'access.link-expired' })
      await redeem(two?.token)
      // Redeemed, but no second factor: whoever holds the machine may begin again, with the same address.
      await firstPerson(other)
      assert.equal(await other.access.firstLink(contextOf()), null)
      const staff = await other.db.selectFrom('staff').selectAll().execute()
      const open = await other.db
        .selectFrom('workspace')
        .select('id')
        .where('removed_at', 'is', null)
        .execute()
      assert.deepEqual([staff.length, open.length], [1, 1])
    } finally {
      await other.close()
    }
  })

  test('of ten people who redeem one link at once, one wins', async () => {
    const made = await it.access.people.invite(await owner.context(), {
      email: 'race@example.org',
      role: 'agent',
    })
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => welcome(made.token)))
    assert.equal(results.filter((one) => one.status === 'fulfilled').length, 1)
    for (const one of results)
      if (one.status === 'rejected')
        assert.equal((one.reason as { code: string }).code, 'access.link-expired')
  })

  test('policy 3.2-0: an invitation is worth nothing once its maker could not make it any more', async () => {
    const admin = await invitedPerson(it, owner, 'parting-admin@example.org', 'admin')
    const invite = async (email: string, role: 'admin' | 'agent') =>
      it.access.people.invite(await admin.context(), { email, role })
    const waiting = async () =>
      (await it.access.people.list(await owner.context())).invitations.map((one) => one.email)
    const wayBack = await invite('way-back@example.org', 'admin')
    const later = await invite('later@example.org', 'agent')
    await it.access.people.changeRole(await owner.context(), admin.id, 'agent')
    await assert.rejects(welcome(wayBack.token), { code: 'access.link-expired' })
    assert.ok(!(await waiting()).includes('way-back@example.org'))
    await it.access.people.changeRole(await owner.context(), admin.id, 'admin')
    assert.ok((await waiting()).includes('later@example.org'))
    await it.access.people.remove(await owner.context(), admin.id)
    await assert.rejects(welcome(later.token), { code: 'access.link-expired' })
  })

  test('a link is good for one day, once, and a weak password does not use it up', async () => {
    const invite = async (email: string) =>
      it.access.people.invite(await owner.context(), { email, role: 'agent' })
    const made = await invite('weak@example.org')
    await assert.rejects(welcome(made.token, { password: 'Short-1' }), { code: 'access.password-weak' })
    await welcome(made.token)
    await assert.rejects(welcome(made.token), { code: 'access.link-expired' })
    const late = await invite('late@example.org')
    it.clock.advanceSeconds(86_400)
    await assert.rejects(welcome(late.token), { code: 'access.link-expired' })
    await assert.rejects(welcome('x'.repeat(43)), { code: 'access.link-expired' })
    owner = { ...owner, ...(await signedInAgain()) }
  })

  let codes = 0
  async function signedInAgain(): Promise<Pick<TestPerson, 'token' | 'context'>> {
    const begun = await it.access.signIn.password(contextOf(), {
      email: owner.email,
      password: GOOD_PASSWORD,
      device: null,
    })
    const code = owner.recoveryCodes[codes] ?? ''
    codes += 1
    const context = contextOf(await callerOf(it.access, begun.token))
    const { token } = await it.access.signIn.code(context, { code, device: null })
    return { token, context: async () => contextOf(await callerOf(it.access, token)) }
  }

  test('policy 3.2-0: nobody changes their own role, only owners make owners, the last owner stays', async () => {
    const admin = await invitedPerson(it, owner, 'admin@example.org', 'admin')
    const { people } = it.access
    await assert.rejects(people.changeRole(await owner.context(), owner.id, 'agent'), {
      code: 'access.denied',
    })
    await assert.rejects(people.changeRole(await admin.context(), owner.id, 'agent'), {
      code: 'access.denied',
    })
    await assert.rejects(people.remove(await admin.context(), owner.id), { code: 'access.denied' })
    await assert.rejects(people.invite(await admin.context(), { email: 'x@example.org', role: 'owner' }), {
      code: 'access.denied',
    })
    await assert.rejects(people.remove(await owner.context(), owner.id), { code: 'access.last-owner' })
  })

  test('policy 3.2-0: two owners who demote each other at once leave one owner', async () => {
    const second = await invitedPerson(it, owner, 'second@example.org', 'owner')
    const results = await Promise.allSettled([
      it.access.people.changeRole(await owner.context(), second.id, 'agent'),
      it.access.people.changeRole(await second.context(), owner.id, 'agent'),
    ])
    assert.equal(results.filter((one) => one.status === 'fulfilled').length, 1)
    const owners = await it.db
      .selectFrom('membership')
      .select('account_id')
      .where('role', '=', 'owner')
      .execute()
    assert.equal(owners.length, 1)
    if (owners[0]?.account_id === second.id)
      await it.access.people.changeRole(await second.context(), owner.id, 'owner')
  })

  test('a removed person’s sessions and keys end in the same moment', async () => {
    const admin = await invitedPerson(it, owner, 'leaver@example.org', 'admin')
    const made = await it.access.apiKeys.make(await admin.context(), {
      workspace: admin.workspace,
      account: admin.id,
      label: 'sample',
      scopes: ['channel.read'],
      seconds: 3600,
    })
    const ask = () =>
      it.access.identify(
        new Request('https://localhost/', { headers: { authorization: `Bearer ${made.key}` } }),
        { ip: '192.0.2.7', userAgent: '' },
      )
    assert.equal((await ask()).kind, 'api-key')
    await it.access.people.remove(await owner.context(), admin.id)
    assert.equal((await callerOf(it.access, admin.token)).kind, 'anonymous')
    assert.equal((await ask()).kind, 'anonymous')
  })

  test('policy 3.2-0: a changed role counts at the next request', async () => {
    const person = await invitedPerson(it, owner, 'changing@example.org', 'agent')
    assert.equal((await callerOf(it.access, person.token)).permissions.has('conversation.reply'), true)
    const change = { role: 'auditor', jobFunction: 'audit' } as const
    await it.access.people.changeRole(await owner.context(), person.id, change)
    const caller = await callerOf(it.access, person.token)
    assert.deepEqual(
      [caller.permissions.has('conversation.reply'), caller.permissions.has('audit.read')],
      [false, true],
    )
  })

  test('somebody with an account accepts an invitation signed in, and only the own one', async () => {
    const other = await firstLikePerson()
    const made = await it.access.people.invite(await owner.context(), { email: other.email, role: 'auditor' })
    await assert.rejects(welcome(made.token), { code: 'resource.conflict' })
    await assert.rejects(it.access.accept(await owner.context(), made.token), { code: 'access.denied' })
    assert.equal(await it.access.accept(await other.context(), made.token), owner.workspace)
    await assert.rejects(it.access.accept(await other.context(), made.token), { code: 'access.link-expired' })
  })

  /** Somebody with an account who is no longer a member anywhere. */
  async function firstLikePerson(): Promise<TestPerson> {
    const person = await invitedPerson(it, owner, 'returning@example.org', 'agent')
    await it.db.deleteFrom('membership').where('account_id', '=', person.id).execute()
    return person
  }

  test('policy 3.2-0: staff roles are given by administrators, never to oneself', async () => {
    const officer = await invitedPerson(it, owner, 'officer@example.org', 'auditor')
    const { people } = it.access
    await people.changeStaffRole(await owner.context(), officer.id, 'security-officer')
    assert.equal((await callerOf(it.access, officer.token)).permissions.has('attestation.edit'), true)
    await assert.rejects(people.changeStaffRole(await owner.context(), owner.id, 'security-officer'), {
      code: 'access.denied',
    })
    await assert.rejects(people.changeStaffRole(await officer.context(), owner.id, null), {
      code: 'access.denied',
    })
    assert.equal((await people.listStaff()).length, 2)
  })

  test('a sample workspace is made, listed and removed with its keys; the service learns of it', async () => {
    const { workspaces } = it.access
    const { id } = await workspaces.makeSample(contextOf())
    assert.deepEqual(
      (await workspaces.tenants()).find((one) => one.id === id),
      {
        id,
        sample: true,
        state: 'active',
      },
    )
    assert.equal(await workspaces.removeSamples(contextOf()), 1)
    assert.equal((await workspaces.tenants()).find((one) => one.id === id)?.state, 'removed')
    const place = { table: 'workspace', column: 'name', row: id }
    await assert.rejects(it.keys.sealText(id, place, 'x'), { code: 'encryption.key-missing' })
  })

  test('a workspace that a restore brought back although its keys were destroyed since is removed again', async () => {
    const { workspaces } = it.access
    const { id } = await workspaces.makeSample(contextOf())
    const rows = () => it.db.selectFrom('workspace').selectAll().where('id', '=', id)
    const [before, members] = [
      await rows().executeTakeFirstOrThrow(),
      await it.db
        .selectFrom('membership')
        .select(['account_id', 'workspace_id', 'role', 'job_function', 'created_at'])
        .where('workspace_id', '=', id)
        .execute(),
    ]
    assert.equal(await workspaces.removeErased(), 0)
    await workspaces.removeSamples(contextOf())
    await it.db
      .updateTable('workspace')
      .set({ removed_at: null, name: before.name })
      .where('id', '=', id)
      .execute()
    await it.db.insertInto('membership').values(members).execute()
    await assert.rejects(
      owner.context().then((context) => it.access.me(context)),
      {
        code: 'encryption.key-missing',
      },
    )
    assert.equal(await workspaces.removeErased(), 1)
    assert.equal((await workspaces.tenants()).find((one) => one.id === id)?.state, 'removed')
    assert.equal((await rows().executeTakeFirstOrThrow()).name.length, 0)
    assert.ok((await it.access.me(await owner.context())).workspaces.every((one) => one.id !== id))
    assert.equal(await workspaces.removeErased(), 0)
  })

  test('sample data can be there before anybody is; the first administrator finds it, and nothing of it stays', async () => {
    const other = await testAccess()
    try {
      const { workspaces } = other.access
      const { id } = await workspaces.makeSample(contextOf())
      assert.equal((await workspaces.makeSample(contextOf())).id, id)
      const first = await firstPerson(other)
      const names = (await other.access.me(await first.context())).workspaces.map((one) => one.name)
      assert.ok(names.includes('Sample workspace'))
      assert.equal(await workspaces.removeSamples(contextOf()), 1)
      assert.deepEqual(
        await other.db.selectFrom('account').select('id').where('probe', '=', true).execute(),
        [],
      )
      assert.equal((await workspaces.tenants()).find((one) => one.id === id)?.state, 'removed')
    } finally {
      await other.close()
    }
  })
})
