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
import { anonymous } from '../identify.ts'

const NEXT_PASSWORD = 'Quiet-harbour-lamp-42'

suite('getting back in', () => {
  let it: TestAccess
  let owner: TestPerson
  let person: TestPerson

  beforeEach(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
    person = await invitedPerson(it, owner, 'person@example.org', 'agent')
  })
  afterEach(() => it.close())

  const tokenIn = (text: string): string => /\/console\/recover#([\w-]{43})/.exec(text)?.[1] ?? ''
  const letters = async (kind: string) => (await it.messages()).filter((one) => one.kind === kind)
  const ask = async (email: string, context = contextOf()): Promise<void> => {
    await it.access.recovery.ask(context, email)
    await it.access.passwords.settled()
  }
  const link = async (): Promise<string> => {
    await ask(person.email)
    return tokenIn((await letters('recovery-asked')).at(-1)?.text ?? '')
  }
  /** A session behind the link with the second factor proved. */
  async function proved(code = codeNow(it.clock, person.secret)) {
    const begun = await it.access.recovery.open(contextOf(), await link())
    const waiting = contextOf(await callerOf(it.access, begun.token))
    const done = await it.access.signIn.code(waiting, { code, device: null })
    return { token: done.token, context: contextOf(await callerOf(it.access, done.token)) }
  }
  const signsIn = (password: string) =>
    it.access.signIn.password(contextOf(), { email: person.email, password, device: null })
  const expired = (work: Promise<unknown>) => assert.rejects(work, { code: 'access.link-expired' })

  test('policy 3.1-0: a link by letter and the second factor set a new password, and end everything else', async () => {
    await it.access.apiKeys.make(await person.context(), {
      workspace: person.workspace,
      account: person.id,
      label: 'sample',
      scopes: ['conversation.read'],
      seconds: 86_400,
    })
    const { context } = await proved()
    assert.equal(context.caller.level, 'renewing')
    assert.deepEqual([...context.caller.permissions].includes('conversation.read'), false)
    await it.access.recovery.setPassword(context, NEXT_PASSWORD)
    assert.equal((await callerOf(it.access, person.token)).level, 'none', 'every session ended')
    await assert.rejects(signsIn(GOOD_PASSWORD), { code: 'access.refused' })
    assert.equal((await signsIn(NEXT_PASSWORD)).level, 'password')
    const devices = await it.db
      .selectFrom('device')
      .select('id')
      .where('account_id', '=', person.id)
      .execute()
    assert.deepEqual(devices, [])
    const told = (await letters('recovery-done')).at(-1)
    assert.equal(told?.to, person.email)
    assert.match(told?.text ?? '', /API keys still work: you have 1/)
  })

  test('policy 3.1-0: the link alone reaches nothing, and no factor is set up with it', async () => {
    const begun = await it.access.recovery.open(contextOf(), await link())
    const context = contextOf(await callerOf(it.access, begun.token))
    assert.equal(context.caller.level, 'password')
    await assert.rejects(it.access.recovery.setPassword(context, NEXT_PASSWORD), {
      code: 'resource.conflict',
    })
    await assert.rejects(it.access.factors.enrol(context, 'sample'), { code: 'resource.conflict' })
    for (const path of ['/api/access/sessions', '/api/access/factors', '/api/people']) {
      const headers = { cookie: `__Host-surety=${begun.token}` }
      assert.equal((await it.door.request(path, { headers })).status, 401, path)
    }
    await assert.rejects(it.access.signIn.code(context, { code: '000000', device: null }), {
      code: 'access.code-refused',
    })
  })

  test('policy 3.1-0: a session that came by a link reaches nothing but the new password, also with two factors', async () => {
    const { token, context } = await proved(person.recoveryCodes[0])
    for (const path of [
      '/api/access/sessions',
      '/api/access/factors',
      '/api/people',
      '/api/access/resets/own',
    ]) {
      const headers = { cookie: `__Host-surety=${token}` }
      assert.equal((await it.door.request(path, { headers })).status, 401, path)
    }
    await assert.rejects(it.access.factors.enrol(context, 'sample'), { code: 'resource.conflict' })
    await assert.rejects(it.access.sms.start(context, '+4915112345678'), { code: 'access.factor-needed' })
  })

  test('policy 3.1-0: a link is good once, for thirty minutes, and a later one replaces it', async () => {
    const first = await link()
    const second = await link()
    await expired(it.access.recovery.open(contextOf(), first))
    await it.access.recovery.open(contextOf(), second)
    await expired(it.access.recovery.open(contextOf(), second))
    const third = await link()
    it.clock.advanceSeconds(1800)
    await expired(it.access.recovery.open(contextOf(), third))
    await expired(it.access.recovery.open(contextOf(), 'A'.repeat(43)))
  })

  test('policy 3.1-0: of twenty uses of one link at once, one begins a session', async () => {
    const token = await link()
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, () => it.access.recovery.open(contextOf(), token)),
    )
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1)
  })

  test('trap 1: whoever asks learns nothing: unknown, disabled and known addresses are answered alike, before any of the work', async () => {
    const disabled = await invitedPerson(it, owner, 'disabled@example.org', 'agent')
    await it.db
      .updateTable('account')
      .set({ disabled_at: it.clock.now() })
      .where('id', '=', disabled.id)
      .execute()
    const before = (await it.messages()).length
    const answers = new Set<string>()
    for (const email of ['nobody@example.org', disabled.email, person.email]) {
      const body = JSON.stringify({ email })
      const reply = await it.door.request('/api/access/recovery', { method: 'POST', body })
      answers.add(`${reply.status} ${await reply.text()}`)
    }
    assert.deepEqual([...answers], ['200 {"asked":true}'])
    await it.access.passwords.settled()
    const sent = (await it.messages()).slice(before)
    assert.deepEqual(
      sent.map(({ to }) => to),
      [person.email],
    )
  })

  test('policy 3.1-0: a mailbox is not flooded, and a network asks only so often', async () => {
    for (let time = 0; time < 6; time += 1) await ask(person.email)
    assert.equal((await letters('recovery-asked')).length, 3)
    const caller = anonymous({ ip: '198.51.100.9', userAgent: 'sample' })
    const flood = Array.from({ length: 25 }, (_, at) =>
      it.access.recovery.ask(contextOf(caller), `nobody-${at}@example.org`),
    )
    const refused = (await Promise.allSettled(flood)).filter(({ status }) => status === 'rejected')
    assert.equal(refused.length, 5)
    await it.access.passwords.settled()
  })

  test('policy 3.1-0: an account without a second factor is not opened by a mailbox alone', async () => {
    const made = await it.access.people.invite(await owner.context(), {
      email: 'bare@example.org',
      role: 'agent',
    })
    await it.access.redeem(contextOf(), { token: made.token, name: 'Sample', password: GOOD_PASSWORD })
    await ask('bare@example.org')
    assert.equal((await letters('recovery-asked')).length, 0)
  })

  test('policy 3.3-a: the new password obeys the rule, and a refused one leaves everything as it was', async () => {
    const { context } = await proved()
    await assert.rejects(it.access.recovery.setPassword(context, 'short'), { code: 'access.password-weak' })
    assert.equal((await signsIn(GOOD_PASSWORD)).level, 'password')
    await it.access.recovery.setPassword(context, NEXT_PASSWORD)
  })

  test('policy 3.3-d: a lock ends with the link from the letter about it, once', async () => {
    for (let time = 0; time < 5; time += 1)
      await assert.rejects(signsIn('Wrong-password-1'), { code: 'access.refused' })
    await it.access.passwords.settled()
    await assert.rejects(signsIn(GOOD_PASSWORD), { code: 'access.refused' })
    const token = tokenIn((await letters('account-locked')).at(-1)?.text ?? '')
    assert.equal(await it.access.recovery.linkKind(contextOf(), token), 'unlock')
    await expired(it.access.recovery.open(contextOf(), token))
    await it.access.recovery.unlock(contextOf(), token)
    assert.equal((await signsIn(GOOD_PASSWORD)).level, 'password')
    await expired(it.access.recovery.unlock(contextOf(), token))
  })

  test('policy 2.2-a: no link and no address lies readable in a table or in the audit log', async () => {
    const token = await link()
    for (const table of ['account_link', 'outbox', 'audit_event'] as const) {
      const rows = JSON.stringify(await it.db.selectFrom(table).selectAll().execute(), (_key, value) =>
        value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value,
      )
      for (const secret of [token, person.email]) assert.ok(!rows.includes(secret), table)
    }
  })
})
