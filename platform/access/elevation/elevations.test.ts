import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { policyWith } from '../../kernel/parameter.ts'
import { openAccess } from '../access.ts'
import { callerOf, contextOf, type TestAccess, type TestPerson } from '../access.fixture.ts'
import { asked, fresh, mayNow, testStaff, type TestStaff } from './elevation.fixture.ts'
import { whileElevated } from './ending.ts'

const REASON = 'A sample reason for a test'

suite('elevation', () => {
  let staff: TestStaff
  let it: TestAccess
  let first: TestPerson
  let second: TestPerson
  let officer: TestPerson

  before(async () => {
    staff = await testStaff()
    ;({ it, first, second, officer } = staff)
  })
  after(() => it.close())
  beforeEach(async () => {
    await it.db.deleteFrom('elevation').execute()
    await later(0)
  })

  /** Moves the clock while everybody goes on using their sessions. */
  const later = async (seconds: number): Promise<void> => {
    it.clock.advanceSeconds(seconds)
    const now = it.clock.now()
    await it.db.updateTable('session').set({ last_seen_at: now }).where('ended_at', 'is', null).execute()
  }
  const approve = async (by: TestPerson, id: string) =>
    it.access.elevations.approve(await fresh(it, by), id, null)
  const events = async (type: string): Promise<number> =>
    (await it.db.selectFrom('audit_event').select('id').where('type', '=', type).execute()).length
  const running = async (minutes = 30): Promise<string> => {
    const id = await asked(it, first, ['platform.people'], minutes)
    await approve(second, id)
    return id
  }

  test('policy 3.2-d: nobody holds a sensitive permission before somebody else approved, nor after the time', async () => {
    assert.equal(await mayNow(it, first, 'platform.people'), false)
    const id = await asked(it, first)
    assert.equal(await mayNow(it, first, 'platform.people'), false)
    await approve(second, id)
    assert.equal(await mayNow(it, first, 'platform.people'), true)
    await later(30 * 60 - 1)
    assert.equal(await mayNow(it, first, 'platform.people'), true)
    await later(1)
    assert.equal(await mayNow(it, first, 'platform.people'), false)
  })

  test('policy 3.2-d: the refusal stands at the door, and the same request passes while elevated', async () => {
    const change = () =>
      it.door.request(`/api/people/staff/${officer.id}`, {
        method: 'POST',
        headers: { cookie: `__Host-surety=${first.token}` },
        body: JSON.stringify({ role: 'staff-auditor' }),
      })
    assert.equal((await change()).status, 403)
    await it.db.updateTable('session').set({ proved_at: it.clock.now() }).execute()
    await running()
    assert.equal((await change()).status, 200)
    await it.access.people.changeStaffRole(await first.context(), officer.id, 'security-officer')
  })

  test('policy 3.2-d: nobody approves the own request', async () => {
    const id = await asked(it, first)
    await assert.rejects(approve(first, id), { code: 'access.own-request' })
    assert.equal(await mayNow(it, first, 'platform.people'), false)
  })

  test('policy 3.2-d: who approves must be able to hold it, and must have proved a factor a moment ago', async () => {
    const id = await asked(it, first)
    await assert.rejects(approve(officer, id), { code: 'access.not-eligible' })
    await assert.rejects(approve(staff.owner, id), { code: 'access.not-eligible' })
    await later(301)
    await assert.rejects(it.access.elevations.approve(await second.context(), id, null), {
      code: 'access.step-up-needed',
    })
  })

  test('policy 3.2-d: a role asks for nothing that lies outside it, and an API key for nothing at all', async () => {
    await assert.rejects(asked(it, first, ['policy.publish']), { code: 'access.not-eligible' })
    await assert.rejects(asked(it, officer, ['platform.people']), { code: 'access.not-eligible' })
    await assert.rejects(asked(it, staff.owner), { code: 'access.not-eligible' })
    const id = await asked(it, first)
    const key = await it.access.apiKeys.make(await first.context(), {
      workspace: first.workspace,
      account: first.id,
      label: 'sample',
      scopes: ['channel.read'],
      seconds: 3600,
    })
    for (const [path, body] of [
      [`/api/access/elevations/${id}/approve`, {}],
      ['/api/access/elevations', { permissions: ['platform.people'], reason: REASON, minutes: 5 }],
      ['/api/access/elevations/break-glass', { permissions: ['platform.people'], reason: REASON }],
    ] as const) {
      const reply = await it.door.request(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${key.key}` },
        body: JSON.stringify(body),
      })
      assert.equal(reply.status, 403, path)
    }
    const { caller } = await second.context()
    const disguised = contextOf({ ...caller, kind: 'api-key', provedAt: it.clock.now() })
    await assert.rejects(it.access.elevations.approve(disguised, id, null))
    const behalf = contextOf({ ...caller, onBehalfOf: second.id, provedAt: it.clock.now() })
    await assert.rejects(it.access.elevations.approve(behalf, id, null), { code: 'access.denied' })
  })

  test('policy 3.2-d: of many approvals at once exactly one counts', async () => {
    const id = await asked(it, first)
    const before = await events('elevation.approved')
    const done = await Promise.allSettled(Array.from({ length: 12 }, () => approve(second, id)))
    assert.equal(done.filter((one) => one.status === 'fulfilled').length, 1)
    assert.equal((await events('elevation.approved')) - before, 1)
  })

  test('policy 3.2-d: a request that nobody answered in an hour is over, and approving it is refused', async () => {
    const id = await asked(it, first)
    await later(3600)
    await assert.rejects(approve(second, id), { code: 'access.too-late' })
    assert.equal(await it.access.elevations.endOverdue(), 1)
    const { history } = await it.access.elevations.list(await first.context())
    assert.equal(history[0]?.endReason, 'unanswered')
  })

  test('policy 3.2-d: a denial needs a reason, is kept sealed, and is final', async () => {
    const id = await asked(it, first)
    await it.access.elevations.deny(await second.context(), id, 'Not on a Friday evening')
    await assert.rejects(approve(second, id), { code: 'access.too-late' })
    const { history } = await it.access.elevations.list(await first.context())
    assert.equal(history[0]?.decisionReason, 'Not on a Friday evening')
    const stored = JSON.stringify(await it.db.selectFrom('elevation').selectAll().execute())
    for (const words of ['Friday', REASON]) assert.equal(stored.includes(words), false)
  })

  test('trap 12: the limit is the one of the policy in force at the decision, and a shorter one ends what runs', async () => {
    await running(60)
    const shorter = openAccess({ ...it, policy: policyWith({ 'elevation.limit': 600 }, it.policy) })
    try {
      const may = async (): Promise<boolean> =>
        (await callerOf(shorter, first.token)).permissions.has('platform.people')
      await later(599)
      assert.equal(await may(), true)
      await later(1)
      assert.equal(await may(), false)
      assert.equal(await mayNow(it, first, 'platform.people'), true)
      assert.equal(await shorter.elevations.endOverdue(), 1)
    } finally {
      await shorter.close()
    }
    assert.equal(await mayNow(it, first, 'platform.people'), false)
  })

  test('trap 12: an elevation is clamped to the policy and to the absolute end of its session', async () => {
    const until = (minutes: number) =>
      asked(it, first, ['platform.people'], minutes).then((id) => approve(second, id))
    const longest = new Date((await until(600)).until).getTime() - it.clock.now().getTime()
    assert.equal(longest, 3_600_000)
    await it.db
      .updateTable('session')
      .set({ created_at: new Date(it.clock.now().getTime() - 43_200_000 + 300_000) })
      .where('account_id', '=', first.id)
      .where('ended_at', 'is', null)
      .execute()
    const clamped = new Date((await until(60)).until).getTime() - it.clock.now().getTime()
    assert.equal(clamped, 300_000)
    await it.db.updateTable('session').set({ created_at: it.clock.now() }).execute()
  })

  test('trap 12: another session of the same person is not elevated', async () => {
    await running()
    const other = await it.access.sessions.prepare((await first.context()).caller, first.id)
    await it.db.transaction().execute((tx) => other.store(tx, 'full', first.workspace, ['password', 'totp']))
    const { token } = other
    assert.equal((await callerOf(it.access, token)).level, 'full')
    assert.equal(await mayNow(it, { token }, 'platform.people'), false)
    assert.equal(await mayNow(it, first, 'platform.people'), true)
  })

  test('trap 12: the end is recorded exactly once, even if nobody returns and many look at once', async () => {
    await running(5)
    await later(300)
    const before = await events('elevation.ended')
    const found = await Promise.all(Array.from({ length: 8 }, () => it.access.elevations.endOverdue()))
    assert.equal(
      found.reduce((sum, one) => sum + one, 0),
      1,
    )
    await it.access.elevations.endOverdue()
    assert.equal((await events('elevation.ended')) - before, 1)
  })

  test('trap 12: work that was queued while elevated is not done once the elevation is over', async () => {
    const id = await running(5)
    const done: string[] = []
    const job = { elevation: id, permission: 'platform.people', job: 'sample.job' }
    const run = () => whileElevated(it, job, async () => void done.push('done'))
    assert.equal(await run(), true)
    assert.equal(
      await whileElevated(it, { ...job, permission: 'policy.publish' }, run.bind(null) as never),
      false,
    )
    await later(300)
    assert.equal(await run(), false)
    assert.deepEqual(done, ['done'])
    assert.ok((await events('elevation.job-refused')) >= 2)
  })

  test('policy 3.2-d: both sides end it early; a third person without reach does not', async () => {
    const id = await running()
    await assert.rejects(it.access.elevations.end(await officer.context(), id), { code: 'resource.unknown' })
    await it.access.elevations.end(await second.context(), id)
    assert.equal(await mayNow(it, first, 'platform.people'), false)
    const again = await running()
    await it.access.elevations.end(await first.context(), again)
    assert.equal(await mayNow(it, first, 'platform.people'), false)
    await assert.rejects(it.access.elevations.end(await first.context(), again), { code: 'access.too-late' })
  })

  test('policy 3.2-d: it ends with the role, the account and a change of factors', async () => {
    const id = await running()
    await it.db
      .updateTable('staff')
      .set({ role: 'staff-auditor' })
      .where('account_id', '=', first.id)
      .execute()
    assert.equal(await it.access.elevations.stillElevated(id, 'platform.people'), false)
    await it.db
      .updateTable('staff')
      .set({ role: 'administrator' })
      .where('account_id', '=', first.id)
      .execute()
    assert.equal(await it.access.elevations.stillElevated(id, 'platform.people'), true)
    await it.db
      .updateTable('account')
      .set({ disabled_at: it.clock.now() })
      .where('id', '=', first.id)
      .execute()
    assert.equal(await it.access.elevations.stillElevated(id, 'platform.people'), false)
    await it.db.updateTable('account').set({ disabled_at: null }).where('id', '=', first.id).execute()
    const { endOthers } = await import('../factors/factors.ts')
    const context = await first.context()
    const parts = { ...it, sessions: it.access.sessions }
    await it.db.transaction().execute((tx) => endOthers(parts, tx, context))
    assert.equal(await mayNow(it, first, 'platform.people'), false)
    assert.equal((await it.access.elevations.list(context)).history[0]?.endReason, 'factors-changed')
  })

  test('policy 3.2-d: support enters the workspace that was named, sees and changes nothing, and leaves with the time', async () => {
    const other = await it.access.workspaces.makeSample(contextOf())
    await it.db.deleteFrom('membership').where('workspace_id', '=', other.id).execute()
    const choose = async () => it.access.workspaces.choose(await first.context(), other.id)
    await assert.rejects(choose(), { code: 'resource.unknown' })
    const id = await asked(it, first, ['platform.support'], 30, other.id)
    await approve(second, id)
    await choose()
    const inside = await callerOf(it.access, first.token)
    assert.deepEqual([inside.workspaceId, inside.workspaceRole], [other.id, null])
    assert.equal(inside.permissions.has('rule.read'), true)
    for (const edit of ['rule.edit', 'people.edit', 'conversation.reply', 'channel.edit'] as const)
      assert.equal(inside.permissions.has(edit), false)
    assert.deepEqual(inside.elevations, [id])
    const seen = await it.db
      .selectFrom('audit_event')
      .select('type')
      .where('tenant', '=', other.id)
      .where('type', 'in', ['support.allowed', 'workspace.chosen'])
      .execute()
    assert.equal(seen.length, 2)
    await later(30 * 60)
    await it.access.me(await second.context())
    const outside = await callerOf(it.access, first.token)
    assert.deepEqual([outside.workspaceId, outside.permissions.has('rule.read')], [null, false])
    await it.db.updateTable('session').set({ workspace_id: first.workspace }).execute()
  })

  test('policy 3.2-d: owners who refuse support end it at once and are not asked again', async () => {
    const workspace = first.workspace
    const id = await asked(it, second, ['platform.support'], 30, workspace)
    await approve(officer, id)
    const context = await staff.owner.context()
    await it.access.elevations.chooseSupportAccess(context, workspace, false)
    assert.equal(await it.access.elevations.stillElevated(id, 'platform.support'), false)
    assert.equal(await mayNow(it, second, 'platform.support'), false)
    await assert.rejects(asked(it, second, ['platform.support'], 30, workspace), { code: 'access.denied' })
    await it.access.elevations.chooseSupportAccess(context, workspace, true)
    await asked(it, second, ['platform.support'], 30, workspace)
  })

  test('policy 3.2-d: break-glass is short, pages everybody and waits to be looked at by somebody else', async () => {
    const before = (await it.messages()).length
    const wish = { permissions: ['platform.people'] as const, reason: REASON, workspace: null }
    await later(301)
    await assert.rejects(it.access.elevations.breakGlass(await first.context(), wish), {
      code: 'access.step-up-needed',
    })
    const { id, until } = await it.access.elevations.breakGlass(await fresh(it, first), wish)
    assert.equal(new Date(until).getTime() - it.clock.now().getTime(), 900_000)
    assert.equal(await mayNow(it, first, 'platform.people'), true)
    const letters = (await it.messages()).slice(before).filter((one) => one.kind === 'break-glass')
    assert.deepEqual(
      letters.map((one) => one.to).toSorted(),
      [first.email, officer.email, second.email].toSorted(),
    )
    const { toReview } = await it.access.elevations.list(await second.context())
    assert.deepEqual(
      toReview.map((one) => one.id),
      [id],
    )
    await assert.rejects(it.access.elevations.review(await first.context(), id, REASON), {
      code: 'access.own-request',
    })
    await it.access.elevations.review(await second.context(), id, 'It was right to do so')
    assert.deepEqual((await it.access.elevations.list(await second.context())).toReview, [])
    await later(900)
    assert.equal(await mayNow(it, first, 'platform.people'), false)
  })

  test('trap 10: nothing sensitive is given to somebody whose factors were reset, not even in an emergency', async () => {
    const id = await asked(it, first)
    const until = new Date(it.clock.now().getTime() + 72 * 3_600_000)
    const bar = (elevation_barred_until: Date | null) =>
      it.db.updateTable('account').set({ elevation_barred_until }).where('id', '=', first.id).execute()
    await bar(until)
    await assert.rejects(approve(second, id), { code: 'access.not-eligible' })
    await assert.rejects(asked(it, first), { code: 'access.not-eligible' })
    const wish = { permissions: ['platform.people'] as const, reason: REASON, workspace: null }
    await assert.rejects(it.access.elevations.breakGlass(await fresh(it, first), wish), {
      code: 'access.not-eligible',
    })
    await bar(it.clock.now())
    await approve(second, id)
    await bar(null)
  })

  test('policy 3.2-d: acts of an elevated person name the elevation in the audit log', async () => {
    const id = await running()
    const { eventOf } = await import('../parts.ts')
    const event = eventOf(await first.context(), 'staff.role-changed', { details: { after: 'x' } })
    assert.deepEqual(event.details, { after: 'x', elevations: [id] })
  })
})
