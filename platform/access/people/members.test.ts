import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import { localProgram } from '../../kernel/caller.ts'
import {
  callerOf,
  contextOf,
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { endExceptions } from '../roles/grants.ts'
import { reportUnused } from '../roles/use.ts'

/** A program of this machine that acts by itself. */
const PROGRAM = contextOf(localProgram('operator', 'sample'))

suite('members of a workspace', () => {
  let it: TestAccess
  let owner: TestPerson

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
  })
  after(() => it.close())

  const grants = async (account: string) =>
    it.db
      .selectFrom('role_grant')
      .select(['role', 'via', 'granted_by', 'ended_via', 'ended_by'])
      .where('account_id', '=', account)
      .where('workspace_id', '=', owner.workspace)
      .orderBy('granted_at')
      .orderBy('id')
      .execute()
  const owners = async (): Promise<string[]> =>
    (
      await it.db
        .selectFrom('membership')
        .select('account_id')
        .where('workspace_id', '=', owner.workspace)
        .where('role', '=', 'owner')
        .where('suspended_at', 'is', null)
        .execute()
    ).map((row) => row.account_id)

  test('policy 3.2-b: who gave and who took every role is written down, with the way', async () => {
    const person = await invitedPerson(it, owner, 'written@example.org', 'agent')
    await it.access.people.changeRole(await owner.context(), person.id, {
      role: 'auditor',
      jobFunction: 'audit',
    })
    await it.access.people.remove(await owner.context(), person.id)
    assert.deepEqual(await grants(person.id), [
      { role: 'agent', via: 'invitation', granted_by: owner.id, ended_via: 'console', ended_by: owner.id },
      { role: 'auditor', via: 'console', granted_by: owner.id, ended_via: 'console', ended_by: owner.id },
    ])
    assert.equal((await grants(owner.id))[0]?.via, 'founding')
  })

  test('policy 3.2-c: a suspended member has no rights, no session and no key, keeps the place, and comes back by signing in', async () => {
    const person = await invitedPerson(it, owner, 'pause@example.org', 'admin')
    const key = await it.access.apiKeys.make(await person.context(), {
      workspace: owner.workspace,
      account: person.id,
      label: 'sample',
      scopes: ['rule.read'],
      seconds: 3600,
    })
    await it.access.people.suspend(await owner.context(), person.id)
    assert.equal((await callerOf(it.access, person.token)).kind, 'anonymous')
    const headers = { authorization: `Bearer ${key.key}` }
    const caller = await it.access.identify(new Request('https://localhost/', { headers }), {
      ip: '192.0.2.7',
      userAgent: '',
    })
    assert.equal(caller.kind, 'anonymous')
    const begun = await it.access.signIn.begin(contextOf(), person.id, owner.workspace)
    assert.equal((await callerOf(it.access, begun.token)).workspaceRole, null)
    const listed = async () =>
      (await it.access.people.list(await owner.context())).members.find(({ id }) => id === person.id)
    assert.notEqual((await listed())?.suspendedAt, null)
    await it.access.people.resume(await owner.context(), person.id)
    assert.deepEqual([(await listed())?.suspendedAt, (await listed())?.role], [null, 'admin'])
  })

  test('policy 3.2-c: the last owner is neither suspended, removed, demoted nor taken away by a program', async () => {
    const context = await owner.context()
    await assert.rejects(it.access.people.suspend(context, owner.id), { code: 'access.denied' })
    const other = await invitedPerson(it, owner, 'second-owner@example.org', 'owner')
    await it.access.people.suspend(await other.context(), owner.id)
    await assert.rejects(it.access.people.remove(await other.context(), other.id), {
      code: 'access.last-owner',
    })
    for (const via of ['scim', 'review', 'leaver'] as const)
      await assert.rejects(
        it.db
          .transaction()
          .execute((tx) =>
            it.access.roles.take(tx, PROGRAM, { account: other.id, workspace: owner.workspace, via }),
          ),
        { code: 'access.last-owner' },
        via,
      )
    const wish = { account: other.id, workspace: owner.workspace, role: 'admin', via: 'scim' } as const
    await assert.rejects(
      it.db.transaction().execute((tx) => it.access.roles.give(tx, PROGRAM, wish)),
      { code: 'access.last-owner' },
    )
    await it.access.people.resume(await other.context(), owner.id)
    const begun = await it.access.signIn.begin(contextOf(), owner.id, owner.workspace)
    const half = contextOf(await callerOf(it.access, begun.token))
    const { token } = await it.access.signIn.code(half, { code: owner.recoveryCodes[0] ?? '', device: null })
    owner = { ...owner, token, context: async () => contextOf(await callerOf(it.access, token)) }
    await it.access.people.remove(await owner.context(), other.id)
  })

  test('policy 3.2-a: a personnel system makes nobody an owner', async () => {
    const person = await invitedPerson(it, owner, 'climber@example.org', 'agent')
    const wish = { account: person.id, workspace: owner.workspace, role: 'owner', via: 'scim' } as const
    await assert.rejects(
      it.db.transaction().execute((tx) => it.access.roles.give(tx, PROGRAM, wish)),
      { code: 'access.denied' },
    )
  })

  test('policy 3.2-a: a workspace is handed over in one step, and never left without an owner', async () => {
    const heir = await invitedPerson(it, owner, 'heir@example.org', 'agent')
    await assert.rejects(it.access.people.handOver(await heir.context(), owner.id), { code: 'access.denied' })
    await it.access.people.handOver(await owner.context(), heir.id)
    assert.deepEqual(await owners(), [heir.id])
    assert.equal((await callerOf(it.access, owner.token)).workspaceRole, 'admin')
    await it.access.people.handOver(await heir.context(), owner.id)
    assert.deepEqual(await owners(), [owner.id])
  })

  test('policy 3.2-a: however owners demote, suspend, remove and hand over at once, one who can act stays', async () => {
    const people = [owner]
    for (const n of [1, 2]) people.push(await invitedPerson(it, owner, `race-${n}@example.org`, 'owner'))
    type Act = (by: TestPerson, to: TestPerson) => Promise<unknown>
    const acts: Record<string, Act> = {
      demote: async (by, to) => it.access.people.changeRole(await by.context(), to.id, 'agent'),
      suspend: async (by, to) => it.access.people.suspend(await by.context(), to.id),
      hand: async (by, to) => it.access.people.handOver(await by.context(), to.id),
      review: async (_, to) =>
        it.db.transaction().execute((tx) =>
          it.access.roles.give(tx, PROGRAM, {
            account: to.id,
            workspace: owner.workspace,
            role: 'agent',
            via: 'review',
          }),
        ),
    }
    const person = fc.constantFrom(0, 1, 2)
    const step = fc.record({ act: fc.constantFrom(...Object.keys(acts)), by: person, to: person })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
        const ids = people.map(({ id }) => id)
        await it.db
          .updateTable('membership')
          .set({ role: 'owner', job_function: 'management', suspended_at: null })
          .where('account_id', 'in', ids)
          .execute()
        await Promise.allSettled(
          steps.map(async ({ act, by, to }) => acts[act]?.(people[by] ?? owner, people[to] ?? owner)),
        )
        assert.ok((await owners()).length >= 1, JSON.stringify(steps))
      }),
      { numRuns: 15 },
    )
    const ids = people.map(({ id }) => id)
    await it.db
      .updateTable('membership')
      .set({ role: 'owner', job_function: 'management', suspended_at: null })
      .where('account_id', 'in', ids)
      .execute()
  })

  test('policy 3.2-a: when an exception ends, an event says so once', async () => {
    const other = await testAccess()
    try {
      const first = await firstPerson(other)
      const agent = await invitedPerson(other, first, 'agent@example.org', 'agent')
      const until = new Date(other.clock.now().getTime() + 60_000)
      const exception = { reason: 'Stands in for a sample colleague.', until }
      await other.access.people.changeRole(await first.context(), agent.id, { role: 'auditor', exception })
      const events = async (type: string) =>
        (await other.db.selectFrom('audit_event').select('id').where('type', '=', type).execute()).length
      await endExceptions(other)
      assert.equal(await events('role.exception-ended'), 0)
      other.clock.advanceSeconds(60)
      await endExceptions(other)
      await endExceptions(other)
      assert.equal(await events('role.exception-ended'), 1)
      other.clock.advanceSeconds(400 * 86_400)
      await reportUnused(other)
    } finally {
      await other.close()
    }
  })
})
