import assert from 'node:assert/strict'
import { beforeEach, afterEach, suite, test } from 'node:test'
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
import type { RequestContext } from '../../kernel/caller.ts'

const NUMBER = '+4915112345678'

suite('codes by text message', () => {
  let it: TestAccess
  let owner: TestPerson
  let count = 0

  beforeEach(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
    count = 0
  })
  afterEach(() => it.close())

  /** The digits of every code that was sent so far, the newest last. */
  const codes = async (): Promise<string[]> =>
    (await it.messages())
      .filter(({ kind }) => kind === 'code')
      .map(({ text }) => /^(\d{6}) is your code/.exec(text)?.[1] ?? '')
  const lastCode = async (): Promise<string> => (await codes()).at(-1) ?? ''
  const wrongFor = (code: string): string => (code === '000000' ? '000001' : '000000')
  const refused = (work: Promise<unknown>): Promise<void> =>
    assert.rejects(work, { code: 'access.code-refused' })

  /** A person of the role with a password and nothing else, and the session that may enrol. */
  async function joined(role: 'agent' | 'admin' = 'agent') {
    count += 1
    const email = `person-${count}@example.org`
    const made = await it.access.people.invite(await owner.context(), { email, role })
    const right = await it.access.redeem(contextOf(), {
      token: made.token,
      name: 'Sample Person',
      password: GOOD_PASSWORD,
    })
    const begun = await it.access.signIn.begin(contextOf(), right.account, right.workspace)
    return { email, account: right.account, context: contextOf(await callerOf(it.access, begun.token)) }
  }

  /** A person whose only second factor is a number. */
  async function withNumber(number = NUMBER) {
    const person = await joined()
    const { factorId } = await it.access.sms.start(person.context, number)
    const done = await it.access.sms.confirm(person.context, {
      factorId,
      code: await lastCode(),
      device: null,
    })
    assert.equal(done?.level, 'full')
    it.clock.advanceSeconds(700)
    return { ...person, factorId, recoveryCodes: done?.recoveryCodes ?? [], token: done?.token ?? '' }
  }

  const waiting = async (email: string): Promise<RequestContext> => {
    const offered = { email, password: GOOD_PASSWORD, device: null }
    const begun = await it.access.signIn.password(contextOf(), offered)
    assert.equal(begun.level, 'password')
    return contextOf(await callerOf(it.access, begun.token))
  }
  const offer = (context: RequestContext, code: string) =>
    it.access.sms.signIn(context, { code, device: null })

  test('policy 3.1-b: a number counts once its code came back, and then signs its owner in, with recovery codes at hand', async () => {
    const person = await joined()
    const { factorId } = await it.access.sms.start(person.context, '+49 151 1234 5678')
    const message = (await it.messages()).at(-1)
    assert.equal(message?.to, NUMBER)
    assert.match(message?.text ?? '', /\n\n@localhost #\d{6}$/)
    const again = await it.access.signIn.password(contextOf(), {
      email: person.email,
      password: GOOD_PASSWORD,
      device: null,
    })
    assert.equal(again.level, 'enrolling', 'a number that is not confirmed is no factor')
    const done = await it.access.sms.confirm(person.context, {
      factorId,
      code: await lastCode(),
      device: null,
    })
    assert.equal(done?.level, 'full')
    assert.equal(done?.recoveryCodes.length, 10)
    it.clock.advanceSeconds(60)
    const context = await waiting(person.email)
    await it.access.sms.send(context)
    assert.equal((await offer(context, await lastCode())).level, 'full')
    const listed = await it.access.sms.list(contextOf(await callerOf(it.access, done?.token ?? '')))
    assert.deepEqual(
      listed.map((one) => one.number),
      ['••• 78'],
    )
  })

  test('policy 3.1-b: a code works once', async () => {
    const { email } = await withNumber()
    const one = await waiting(email)
    await it.access.sms.send(one)
    const code = await lastCode()
    await offer(one, code)
    await refused(offer(one, code))
    await refused(offer(await waiting(email), code))
  })

  test('policy 3.1-b: of fifty copies of one code at once, one is accepted', async () => {
    const { email } = await withNumber()
    const context = await waiting(email)
    await it.access.sms.send(context)
    const code = await lastCode()
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => offer(context, code)))
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1)
  })

  test('policy 3.1-b: a code is good for the time that the policy says and not a moment longer', async () => {
    const { email } = await withNumber()
    const context = await waiting(email)
    await it.access.sms.send(context)
    it.clock.advanceSeconds(300)
    await refused(offer(context, await lastCode()))
    await it.access.sms.send(context)
    it.clock.advanceSeconds(299.999)
    assert.equal((await offer(context, await lastCode())).level, 'full')
  })

  test('policy 3.1-b: a code is worth nothing in another session, for another account or for another purpose', async () => {
    const { email, token } = await withNumber()
    const other = await withNumber('+4915112345679')
    const context = await waiting(email)
    await it.access.sms.send(context)
    const code = await lastCode()
    await refused(offer(await waiting(email), code))
    await refused(offer(await waiting(other.email), code))
    await refused(it.access.sms.stepUp(contextOf(await callerOf(it.access, token)), code))
    assert.equal((await offer(context, code)).level, 'full')
  })

  test('policy 3.1-b: another code makes the earlier one worthless and forgives no guess', async () => {
    const { email } = await withNumber()
    const context = await waiting(email)
    await it.access.sms.send(context)
    const first = await lastCode()
    for (const _ of [1, 2]) await refused(offer(context, wrongFor(first)))
    it.clock.advanceSeconds(30)
    await it.access.sms.send(context)
    const second = await lastCode()
    if (first !== second) await refused(offer(context, first))
    for (const _ of [1, 2]) await refused(offer(context, wrongFor(second)))
    // Five wrong ones in all: the right one comes too late, in a new sign-in and with a new code, too.
    await refused(offer(context, second))
    const again = await waiting(email)
    await it.access.sms.send(again)
    await refused(offer(again, await lastCode()))
    it.clock.advanceSeconds(15 * 60)
    await it.access.sms.send(again)
    assert.equal((await offer(again, await lastCode())).level, 'full')
  })

  test('policy 3.3-d: of 1,000 guesses at once exactly five are looked at, across sessions and resends', async () => {
    const { email } = await withNumber()
    const contexts = [await waiting(email), await waiting(email)]
    for (const context of contexts) await it.access.sms.send(context)
    const right = await codes()
    const guesses = Array.from({ length: 1000 }, (_, at) => String(at).padStart(6, '7')).filter(
      (guess) => !right.includes(guess),
    )
    await Promise.allSettled(guesses.map((guess, at) => offer(contexts[at % 2] ?? contextOf(), guess)))
    const events = await it.db
      .selectFrom('audit_event')
      .select((one) => one.fn.countAll<number>().as('count'))
      .where('type', '=', 'account.locked')
      .executeTakeFirstOrThrow()
    assert.equal(events.count, 1)
    const row = await it.db.selectFrom('sms_factor').selectAll().executeTakeFirstOrThrow()
    assert.deepEqual([row.code_locks, row.code_failures], [1, 0])
    for (const [at, context] of contexts.entries()) await refused(offer(context, right[at + 1] ?? ''))
  })

  test('policy 3.3-d: a stranger who knows the password locks nobody out on their own device', async () => {
    const person = await withNumber()
    const device = (
      await it.access.signIn.code(await waiting(person.email), {
        code: person.recoveryCodes[0] ?? '',
        device: null,
      })
    ).device
    const stranger = await waiting(person.email)
    await it.access.sms.send(stranger)
    for (let guess = 0; guess < 6; guess += 1) await refused(offer(stranger, wrongFor(await lastCode())))
    const mine = await waiting(person.email)
    await it.access.sms.send(mine)
    const done = await it.access.sms.signIn(mine, { code: await lastCode(), device })
    assert.equal(done.level, 'full')
  })

  test('policy 3.1-b: no code is sent before the password is right', async () => {
    const { email } = await withNumber()
    const before = (await codes()).length
    await assert.rejects(it.access.sms.send(contextOf()), { code: 'access.factor-needed' })
    const offered = { email, password: 'Wrong-password-1', device: null }
    await assert.rejects(it.access.signIn.password(contextOf(), offered), { code: 'access.refused' })
    const reply = await it.door.request('/api/access/sms/send', { method: 'POST', body: '{}' })
    assert.equal(reply.status, 401)
    assert.equal((await codes()).length, before)
  })

  test('policy 3.1-b: whoever asks for a code is told the same, with a number, without one and over budget', async () => {
    const { email } = await withNumber()
    const without = await invitedPerson(it, owner, 'without@example.org', 'agent')
    const ask = async (address: string): Promise<string> => {
      const begun = await it.access.signIn.password(contextOf(), {
        email: address,
        password: GOOD_PASSWORD,
        device: null,
      })
      const headers = { cookie: `__Host-surety=${begun.token}` }
      const reply = await it.door.request('/api/access/sms/send', { method: 'POST', body: '{}', headers })
      return `${reply.status} ${await reply.text()}`
    }
    const answers = [await ask(without.email)]
    for (let time = 0; time < 5; time += 1) answers.push(await ask(email))
    assert.deepEqual([...new Set(answers)], ['200 {"asked":true}'])
    assert.equal((await codes()).length, 1 + 3)
  })

  test('policy 3.1-b: a code by text message never counts for staff and administrators', async () => {
    await assert.rejects(it.access.sms.start(await owner.context(), NUMBER), { code: 'resource.conflict' })
    const admin = await joined('admin')
    await assert.rejects(it.access.sms.start(admin.context, NUMBER), { code: 'resource.conflict' })
    const { email, account } = await withNumber()
    await it.db.updateTable('membership').set({ role: 'admin' }).where('account_id', '=', account).execute()
    const context = await waiting(email)
    await it.access.sms.send(context)
    // Enough to set up another factor, and for nothing else.
    assert.equal((await offer(context, await lastCode())).level, 'enrolling')
  })

  test('policy 3.1-b: a number that joins other factors is told to its owner at once and accepted a day later', async () => {
    const person = await invitedPerson(it, owner, 'totp@example.org', 'agent')
    const context = await person.context()
    const { factorId } = await it.access.sms.start(context, NUMBER)
    const code = await lastCode()
    assert.equal(await it.access.sms.confirm(context, { factorId, code, device: null }), null)
    assert.equal((await it.messages()).at(-1)?.kind, 'factor-added')
    const sent = (await codes()).length
    const early = await waiting(person.email)
    await it.access.sms.send(early)
    assert.equal((await codes()).length, sent)
    it.clock.advanceSeconds(86_400)
    const later = await waiting(person.email)
    await it.access.sms.send(later)
    assert.equal((await offer(later, await lastCode())).level, 'full')
  })

  test('policy 3.1-b: adding a number needs a fresh factor', async () => {
    const person = await invitedPerson(it, owner, 'fresh@example.org', 'agent')
    it.clock.advanceSeconds(600)
    const stale = it.access.sms.start(await person.context(), NUMBER)
    await assert.rejects(stale, { code: 'access.step-up-needed' })
  })

  test('policy 3.1-0: a session that knows only the password of an account with a factor enrols no number', async () => {
    const person = await invitedPerson(it, owner, 'taken@example.org', 'agent')
    const context = await waiting(person.email)
    await assert.rejects(it.access.sms.start(context, NUMBER), { code: 'access.factor-needed' })
  })

  test('policy 3.1-0: a code proves a factor again inside a session, under a new token', async () => {
    const person = await withNumber()
    const context = contextOf(await callerOf(it.access, person.token))
    await it.access.sms.send(context)
    const done = await it.access.sms.stepUp(context, await lastCode())
    assert.notEqual(done.token, person.token)
    const caller = await callerOf(it.access, done.token)
    assert.deepEqual(caller.provedAt, it.clock.now())
    await refused(it.access.sms.stepUp(contextOf(caller), await lastCode()))
  })

  test('policy 3.1-b: the last factor is not removed, and a removed number takes its open codes along', async () => {
    const person = await withNumber()
    const stale = contextOf(await callerOf(it.access, person.token))
    await it.access.sms.send(stale)
    const { token } = await it.access.sms.stepUp(stale, await lastCode())
    const context = contextOf(await callerOf(it.access, token))
    await assert.rejects(it.access.factors.remove(context, { id: person.factorId }), {
      code: 'access.last-factor',
    })
    const added = await it.access.factors.add(context, { label: 'sample app' })
    await it.access.factors.confirmAdded(context, {
      factorId: added.factorId,
      code: codeNow(it.clock, added.secret),
    })
    const elsewhere = await waiting(person.email)
    it.clock.advanceSeconds(60)
    await it.access.sms.send(elsewhere)
    const code = await lastCode()
    await it.access.factors.remove(context, { id: person.factorId })
    await refused(offer(elsewhere, code))
  })

  test('policy 2.2-a: neither number nor code lies readable in a table', async () => {
    const { email } = await withNumber()
    const context = await waiting(email)
    await it.access.sms.send(context)
    const code = await lastCode()
    for (const table of ['sms_factor', 'sms_code', 'outbox', 'audit_event'] as const) {
      const rows = JSON.stringify(await it.db.selectFrom(table).selectAll().execute(), (_key, value) =>
        value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value,
      )
      for (const secret of [NUMBER, NUMBER.slice(1), `"${code}"`, `${code} is`])
        assert.ok(!rows.includes(secret), `${table}: ${secret}`)
    }
  })
})
