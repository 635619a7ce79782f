import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { contextOf, firstPerson, testAccess, type TestAccess, type TestPerson } from '../access.fixture.ts'
import { newId } from '../../kernel/id.ts'
import { sendCode } from './sms-code.ts'

suite('budgets of text messages', () => {
  let it: TestAccess
  let person: TestPerson
  let session: string

  beforeEach(async () => {
    it = await testAccess()
    person = await firstPerson(it)
    session = (await person.context()).caller.sessionId ?? ''
  })
  afterEach(() => it.close())

  /** A number of an account, as if it had been set up. */
  async function numberOf(account: string, number: string, country = 'DE') {
    const id = newId(it.clock)
    const row = {
      id,
      account_id: account,
      number: await it.keys.sealText('provider', { table: 'sms_factor', column: 'number', row: id }, number),
      number_index: (await it.keys.lookUp('provider', 'sms_factor.number', number))[0],
      country,
      area: number.slice(0, 6),
      created_at: it.clock.now(),
    }
    await it.db.insertInto('sms_factor').values(row).execute()
    return row
  }

  /** Another account, for floods from many of them. */
  async function account(): Promise<string> {
    const { id: _, ...template } = await it.db
      .selectFrom('account')
      .selectAll()
      .where('id', '=', person.id)
      .executeTakeFirstOrThrow()
    const id = newId(it.clock)
    await it.db
      .insertInto('account')
      .values({ ...template, id, email_index: Buffer.from(id) })
      .execute()
    return id
  }

  const send = async (to: Awaited<ReturnType<typeof numberOf>>, workspace: string | null = null) => {
    const holder = {
      account: to.account_id,
      session,
      workspace,
      purpose: 'sign-in',
    } as const
    return it.db.transaction().execute((tx) => sendCode(it, tx, contextOf(), to, holder))
  }
  const texts = async (): Promise<number> =>
    (await it.messages()).filter(({ kind }) => kind === 'code').length
  const comeBack = () =>
    it.db.updateTable('sms_code').set({ used_at: it.clock.now() }).where('used_at', 'is', null).execute()

  test('trap 5: a number gets three codes in ten minutes and ten in a day, from however many accounts', async () => {
    const answers = []
    for (let time = 0; time < 4; time += 1)
      answers.push(await send(await numberOf(await account(), '+4915112345678')))
    assert.deepEqual(answers, [null, null, null, 'number'])
    let more = 0
    for (let time = 0; time < 30; time += 1) {
      it.clock.advanceSeconds(601)
      await comeBack()
      if ((await send(await numberOf(await account(), '+4915112345678'))) === null) more += 1
    }
    assert.equal(more, 7)
  })

  test('trap 5: an account gets four codes in ten minutes, to however many numbers', async () => {
    const one = await account()
    const answers = []
    for (let at = 0; at < 5; at += 1) answers.push(await send(await numberOf(one, `+491511234560${at}`)))
    assert.deepEqual(answers, [null, null, null, null, 'account'])
  })

  test('trap 5: numbers bought in a row share the budget of their area, and a flood at once stays within it', async () => {
    const numbers = []
    for (let at = 0; at < 60; at += 1)
      numbers.push(await numberOf(await account(), `+49151000000${String(at).padStart(2, '0')}`))
    const answers = await Promise.all(numbers.map((one) => send(one)))
    // A tenth of 300 an hour.
    assert.equal(answers.filter((one) => one === null).length, 30)
    assert.ok(answers.every((one) => one === null || one === 'area'))
    assert.equal(await texts(), 30)
  })

  test('trap 5: a workspace cannot use up what all share', async () => {
    const answers = []
    for (let at = 0; at < 120; at += 1) {
      const number = `+49${151 + (at % 8)}${String(at).padStart(8, '0')}`
      answers.push(await send(await numberOf(await account(), number), person.workspace))
    }
    assert.equal(answers.filter((one) => one === null).length, 100)
    assert.equal(answers.at(-1), 'workspace')
  })

  test('trap 5: many codes sent and few come back closes the country for an hour, and is recorded once', async () => {
    const sendTo = async (count: number, country: string, prefix: string) => {
      const answers = []
      for (let at = 0; at < count; at += 1) {
        const number = `${prefix}${150 + (at % 10)}${String(at).padStart(6, '0')}`
        answers.push(await send(await numberOf(await account(), number, country)))
      }
      return answers
    }
    assert.deepEqual(
      await sendTo(20, 'LV', '+371'),
      Array.from({ length: 20 }, () => null),
    )
    // None of them counts before its time is over.
    assert.deepEqual(await sendTo(1, 'LV', '+372'), [null])
    it.clock.advanceSeconds(301)
    assert.deepEqual(await sendTo(3, 'LV', '+373'), ['closed', 'closed', 'closed'])
    // Elsewhere it goes on.
    assert.deepEqual(await sendTo(1, 'DE', '+49'), [null])
    const closed = await it.db
      .selectFrom('audit_event')
      .select('id')
      .where('type', '=', 'sms.closed')
      .execute()
    assert.equal(closed.length, 1)
    it.clock.advanceSeconds(3601)
    assert.deepEqual(await sendTo(1, 'LV', '+374'), [null])
  })

  test('codes that come back close nothing', async () => {
    for (let at = 0; at < 25; at += 1)
      await send(await numberOf(await account(), `+371${150 + (at % 10)}${at}00000`, 'LV'))
    await comeBack()
    it.clock.advanceSeconds(301)
    assert.equal(await send(await numberOf(await account(), '+37120000000', 'LV')), null)
  })

  test('what checks of the system send counts towards nobody else’s budget', async () => {
    for (let at = 0; at < 40; at += 1)
      await send(await numberOf(await account(), `+4477009000${String(at).padStart(2, '0')}`, 'check'))
    assert.equal(await texts(), 0)
    it.clock.advanceSeconds(301)
    assert.equal(await send(await numberOf(await account(), '+37120000000', 'LV')), null)
  })
})
