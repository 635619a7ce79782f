import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import {
  callerOf,
  codeNow,
  contextOf,
  firstPerson,
  GOOD_PASSWORD,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'

const REASON = 'The phone was lost; seen on a call and known by voice.'
const DAY = 86_400

suite('resets of second factors', () => {
  let it: TestAccess
  let first: TestPerson
  let second: TestPerson
  let person: TestPerson

  beforeEach(async () => {
    it = await testAccess()
    first = await firstPerson(it)
    second = await invitedPerson(it, first, 'second@example.org', 'agent')
    person = await invitedPerson(it, first, 'person@example.org', 'agent')
  })
  afterEach(() => it.close())

  /** The context of somebody who proved a factor a moment ago. */
  const fresh = async (whose: TestPerson) => {
    await it.db
      .updateTable('session')
      .set({ proved_at: it.clock.now(), last_seen_at: it.clock.now() })
      .where('account_id', '=', whose.id)
      .where('ended_at', 'is', null)
      .execute()
    const context = await whose.context()
    return { ...context, caller: { ...context.caller, provedAt: it.clock.now() } }
  }
  const request = async (email = person.email) =>
    it.access.resets.request(await fresh(first), { email, reason: REASON })
  const approve = async (id: string) => it.access.resets.approve(await fresh(second), id)
  const letters = async (kind: string) => (await it.messages()).filter((one) => one.kind === kind)
  const tokenIn = (text: string): string => /\/console\/recover#([\w-]{43})/.exec(text)?.[1] ?? ''
  const factorsOf = async (account: string): Promise<number> =>
    (await it.db.selectFrom('second_factor').select('id').where('account_id', '=', account).execute()).length
  const password = (email = person.email) =>
    it.access.signIn.password(contextOf(), { email, password: GOOD_PASSWORD, device: null })

  test('policy 3.1-0: two people reset the factors of a third, who sets up a new one with password and letter', async () => {
    const { id } = await request()
    assert.equal(await factorsOf(person.id), 1)
    await approve(id)
    assert.equal(await factorsOf(person.id), 0)
    assert.equal((await callerOf(it.access, person.token)).level, 'none')
    const begun = await password()
    assert.equal(begun.level, 'enrolling')
    const context = contextOf(await callerOf(it.access, begun.token))
    await assert.rejects(it.access.factors.enrol(context, 'of a thief'), { code: 'resource.conflict' })
    await assert.rejects(it.access.sms.start(context, '+4915112345678'), { code: 'resource.conflict' })
    const token = tokenIn((await letters('reset-done')).at(-1)?.text ?? '')
    await it.access.recovery.openEnrolment(context, token)
    const offer = await it.access.factors.enrol(context, 'new phone')
    const done = await it.access.factors.confirmEnrolment(context, {
      factorId: offer.factorId,
      code: codeNow(it.clock, offer.secret),
      device: null,
    })
    assert.equal(done.level, 'full')
    // Somebody else who knows the password gained nothing by waiting.
    await assert.rejects(it.access.recovery.openEnrolment(context, token), { code: 'access.link-expired' })
  })

  test('trap 10: the link after a reset is worth nothing without the password, and in no other account', async () => {
    await approve((await request()).id)
    const token = tokenIn((await letters('reset-done')).at(-1)?.text ?? '')
    await assert.rejects(it.access.recovery.open(contextOf(), token), { code: 'access.link-expired' })
    await assert.rejects(it.access.recovery.openEnrolment(contextOf(), token), { code: 'access.denied' })
    await assert.rejects(it.access.recovery.openEnrolment(await second.context(), token), {
      code: 'access.denied',
    })
  })

  test('trap 10: nobody agrees to their own request, to a reset of their own, or twice', async () => {
    const { id } = await request()
    const by = async (whose: TestPerson) => it.access.resets.approve(await fresh(whose), id)
    await assert.rejects(by(first), { code: 'access.own-request' })
    await assert.rejects(by(person), { code: 'access.own-request' })
    await assert.rejects(request(first.email), { code: 'access.own-request' })
    await assert.rejects(request(), { code: 'resource.conflict' })
    await by(second)
    await assert.rejects(by(second), { code: 'access.too-late' })
  })

  test('trap 10: asking and agreeing need a factor proved a moment ago, and a permission that nobody holds for good', async () => {
    const stale = await first.context()
    it.clock.advanceSeconds(600)
    const wanted = { email: person.email, reason: REASON }
    await assert.rejects(it.access.resets.request(stale, wanted), { code: 'access.step-up-needed' })
    const headers = { cookie: `__Host-surety=${first.token}` }
    const reply = await it.door.request('/api/access/resets', {
      method: 'POST',
      headers,
      body: JSON.stringify(wanted),
    })
    assert.equal(reply.status, 403)
  })

  test('trap 10: a privileged account waits a day, hears of it by letter, and can stop it', async () => {
    const admin = await invitedPerson(it, first, 'admin@example.org', 'admin')
    const { id } = await request(admin.email)
    const { effectiveAt } = await approve(id)
    assert.equal(effectiveAt, new Date(it.clock.now().getTime() + DAY * 1000).toISOString())
    assert.equal((await letters('reset-requested')).at(-1)?.to, admin.email)
    const letter = (await letters('reset-approved')).at(-1)
    assert.equal(letter?.to, admin.email)
    it.clock.advanceSeconds(DAY - 1)
    assert.equal(await it.access.resets.runDue(), 0)
    assert.equal(await factorsOf(admin.id), 1)
    await it.access.resets.cancelByLink(contextOf(), tokenIn(letter?.text ?? ''))
    it.clock.advanceSeconds(1)
    assert.equal(await it.access.resets.runDue(), 0)
    assert.equal(await factorsOf(admin.id), 1)
    assert.equal((await letters('reset-cancelled')).length, 1)
  })

  test('trap 10: after the day it happens by itself, and nothing sensitive is given for three days more', async () => {
    const admin = await invitedPerson(it, first, 'admin@example.org', 'admin')
    await approve((await request(admin.email)).id)
    it.clock.advanceSeconds(DAY)
    assert.equal(await it.access.resets.runDue(), 1)
    assert.equal(await it.access.resets.runDue(), 0)
    assert.equal(await factorsOf(admin.id), 0)
    const row = await it.db
      .selectFrom('account')
      .select('elevation_barred_until')
      .where('id', '=', admin.id)
      .executeTakeFirstOrThrow()
    assert.equal(row.elevation_barred_until?.getTime(), it.clock.now().getTime() + 3 * DAY * 1000)
  })

  test('a reset that waits shows when it takes effect to its person, and why it was asked for to those who decide', async () => {
    const admin = await invitedPerson(it, first, 'admin@example.org', 'admin')
    const { id } = await request(admin.email)
    await approve(id)
    const own = await it.access.resets.own(await admin.context())
    assert.notEqual(own?.effectiveAt, null)
    assert.equal((await it.access.resets.list())[0]?.reason, REASON)
  })

  test('the person stops a reset in a session of their own', async () => {
    const { id } = await request()
    assert.equal((await it.access.resets.own(await person.context()))?.id, id)
    await it.access.resets.cancelOwn(await person.context())
    await assert.rejects(approve(id), { code: 'access.too-late' })
    await assert.rejects(it.access.resets.cancelOwn(await person.context()), { code: 'access.too-late' })
  })

  test('a request that nobody answers is over after a day', async () => {
    const { id } = await request()
    it.clock.advanceSeconds(DAY)
    await it.access.resets.runDue()
    assert.deepEqual(await it.access.resets.list(), [])
    const row = await it.db.selectFrom('factor_reset').select('end_reason').where('id', '=', id).execute()
    assert.deepEqual(row, [{ end_reason: 'expired' }])
  })

  test('policy 3.1-0: of many who agree at once, one does, and the factors go once', async () => {
    const { id } = await request()
    const context = await fresh(second)
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, () => it.access.resets.approve(context, id)),
    )
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal((await letters('reset-done')).length, 1)
  })

  test('policy 2.2-a: the reason of a reset lies readable in no table', async () => {
    await request()
    const rows = JSON.stringify(await it.db.selectFrom('factor_reset').selectAll().execute(), (_key, value) =>
      value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value,
    )
    assert.ok(!rows.includes('phone was lost'))
  })
})
