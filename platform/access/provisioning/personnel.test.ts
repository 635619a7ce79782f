import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { GOOD_PASSWORD, contextOf, invitedPerson, type TestPerson } from '../access.fixture.ts'
import { personnelSignature, type PersonnelSecret } from './personnel.ts'
import { testDirectory, type TestDirectory } from './provisioning.fixture.ts'

suite('personnel systems', () => {
  let it: TestDirectory
  let connection: { readonly id: string; readonly secret: PersonnelSecret }
  let count = 0

  before(async () => {
    it = await testDirectory()
    connection = await it.access.directory.connectPersonnel(await it.owner.context(), 'sample')
  })
  after(() => it.close())

  const seconds = () => String(Math.floor(it.clock.now().getTime() / 1000))
  const tell = async (event: object, more: { body?: string; at?: string; secret?: PersonnelSecret } = {}) => {
    const body = JSON.stringify(event)
    const at = more.at ?? seconds()
    const reply = await it.door.request(`/api/access/hr/${connection.id}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'surety-timestamp': at,
        'surety-signature': `sha256=${personnelSignature(more.secret ?? connection.secret, at, body)}`,
      },
      body: more.body ?? body,
    })
    await it.access.leavers.settled()
    return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
  }
  const member = (role: 'agent' | 'admin' = 'agent'): Promise<TestPerson> => {
    count += 1
    return invitedPerson(it, it.owner, `staff-${count}@example.org`, role)
  }

  test('policy 3.2-c: a personnel event ends all access at once, and the departure counts from the event', async () => {
    const person = await member()
    const reply = await tell({ id: 'e1', type: 'left', email: person.email })
    assert.equal(reply.status, 200)
    assert.equal((await person.context()).caller.kind, 'anonymous')
    const { report, leavers } = {
      report: await it.access.leavers.report(it.owner.workspace),
      leavers: await it.access.leavers.list(it.owner.workspace),
    }
    const one = leavers.find((leaver) => leaver.account === person.id)
    assert.equal(one?.reason, 'personnel')
    assert.equal(one.stillLive, 0)
    assert.ok(one.steps.length >= 8 && one.steps.every((step) => step.triedAfterSeconds !== null))
    assert.ok(report.departures >= 1 && report.maxSeconds !== null && report.maxSeconds < report.limitSeconds)
  })

  test('policy 3.2-c: a future date waits for its job, and the time counts from that date', async () => {
    const person = await member()
    const effectiveAt = new Date(it.clock.now().getTime() + 3_600_000).toISOString()
    assert.equal((await tell({ id: 'e2', type: 'left', email: person.email, effectiveAt })).status, 200)
    await it.access.directory.carryOutDue()
    assert.equal((await person.context()).caller.kind, 'account')
    for (let passed = 0; passed < 3; passed += 1) {
      // Both sessions stay in use meanwhile.
      await Promise.all([person.context(), it.owner.context()])
      it.clock.advanceSeconds(1200)
    }
    assert.equal(await it.access.directory.carryOutDue(), 1)
    await it.access.leavers.settled()
    assert.equal((await person.context()).caller.kind, 'anonymous')
    assert.equal(await it.access.directory.carryOutDue(), 0)
  })

  test('an event is done once, however often it is told', async () => {
    const person = await member()
    const event = { id: 'e3', type: 'left', email: person.email }
    assert.equal((await tell(event)).body['repeated'], false)
    assert.equal((await tell(event)).body['repeated'], true)
    const rows = await it.db.selectFrom('leaver').select('id').where('account_id', '=', person.id).execute()
    assert.equal(rows.length, 1)
  })

  test('a message that is changed, old, from the future, unsigned or of another secret is refused and recorded', async () => {
    const person = await member()
    const event = { id: 'e4', type: 'left', email: person.email }
    const now = it.clock.now().getTime() / 1000
    const refused = async () =>
      (await it.db.selectFrom('audit_event').select('id').where('type', '=', 'personnel.refused').execute())
        .length
    const before = await refused()
    const wrong = [
      { body: JSON.stringify({ ...event, email: it.owner.email }) },
      { at: String(Math.floor(now - 301)) },
      { at: String(Math.floor(now + 301)) },
      { at: 'now' },
      { secret: 'another secret' as PersonnelSecret },
    ]
    for (const more of wrong) assert.equal((await tell(event, more)).status, 401)
    const unsigned = await it.door.request(`/api/access/hr/${connection.id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
    })
    assert.equal(unsigned.status, 401)
    assert.equal(await refused(), before + wrong.length + 1)
    assert.equal((await person.context()).caller.kind, 'account')
  })

  test('who joins is invited by letter, who moves gets the role of the work, owners stay', async () => {
    assert.equal((await tell({ id: 'e5', type: 'joined', email: 'newcomer@example.org' })).status, 200)
    const links = await it.db
      .selectFrom('link')
      .select('role')
      .where('kind', '=', 'invitation')
      .where('used_at', 'is', null)
      .execute()
    assert.deepEqual(links, [{ role: 'agent' }])
    const person = await member()
    await tell({ id: 'e6', type: 'moved', email: person.email, job: 'audit' })
    const roleOf = async (id: string) =>
      (await it.db.selectFrom('membership').select('role').where('account_id', '=', id).executeTakeFirst())
        ?.role
    assert.equal(await roleOf(person.id), 'auditor')
    await tell({ id: 'e7', type: 'moved', email: it.owner.email, job: 'audit' })
    assert.equal(await roleOf(it.owner.id), 'owner')
  })

  test('a flood of wrong messages is slowed before it fills the audit log; right ones still come through', async () => {
    const refusals = async (): Promise<number> =>
      (await it.db.selectFrom('audit_event').select('id').where('type', '=', 'personnel.refused').execute())
        .length
    const before = await refusals()
    const wrong = await Promise.all(
      Array.from({ length: 60 }, () => tell({ id: 'x', type: 'left' }, { at: '1' })),
    )
    assert.ok(wrong.some(({ status }) => status === 429))
    assert.ok((await refusals()) - before <= 20)
    const right = { id: 'e-flood', type: 'left', email: 'nobody@example.org' }
    assert.equal((await tell(right)).status, 200)
  })

  test('policy 3.2-c: a connection ends with the person who made it', async () => {
    const admin = await member('admin')
    const theirs = await it.access.directory.connectPersonnel(await admin.context(), 'theirs')
    await it.access.leavers.terminate(await it.owner.context(), admin.id)
    const body = JSON.stringify({ id: 'e8', type: 'left', email: 'x@example.org' })
    const reply = await it.door.request(`/api/access/hr/${theirs.id}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'surety-timestamp': seconds(),
        'surety-signature': personnelSignature(theirs.secret, seconds(), body),
      },
      body,
    })
    assert.equal(reply.status, 401)
  })

  test('policy 3.2-c: by hand, through the door: nobody ends themselves, the last owner leaves with a successor only', async () => {
    const owner = await it.owner.context()
    await assert.rejects(it.access.leavers.terminate(owner, it.owner.id), /denied/)
    const admin = await member('admin')
    await assert.rejects(it.access.leavers.terminate(await admin.context(), it.owner.id), /denied/)
    const second = await invitedPerson(it, it.owner, 'second-owner@example.org', 'owner')
    const person = await member()
    const done = await it.access.leavers.terminate(owner, person.id)
    assert.equal(done.stillLive, 0)
    assert.equal(await it.access.leavers.letBack(await second.context(), person.id), true)
    assert.equal(await it.access.leavers.letBack(await second.context(), person.id), false)
    const letters = await it.db
      .selectFrom('link')
      .select(['id'])
      .where('account_id', '=', person.id)
      .where('kind', '=', 'return')
      .execute()
    assert.equal(letters.length, 1)
    await assert.rejects(
      it.access.signIn.password(contextOf(), { email: person.email, password: GOOD_PASSWORD, device: null }),
    )
  })

  test('policy 3.2-c: the hourly look ends what still works of somebody who left, and raises an alarm', async () => {
    const person = await member()
    assert.equal(await it.access.leavers.reconcile(), 0)
    await it.access.leavers.terminate(await it.owner.context(), person.id)
    await it.db
      .updateTable('session')
      .set({ ended_at: null, end_reason: null })
      .where('account_id', '=', person.id)
      .execute()
    assert.equal(await it.access.leavers.reconcile(), 1)
    assert.equal(await it.access.leavers.reconcile(), 0)
    const alarms = await it.db
      .selectFrom('audit_event')
      .select('id')
      .where('type', '=', 'leaver.alarm')
      .execute()
    assert.equal(alarms.length, 1)
  })
})
