import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Problem } from '../../kernel/problem.ts'
import {
  callerOf,
  codeNow,
  contextOf,
  firstPerson,
  GOOD_PASSWORD,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { openAccess } from '../access.ts'
import { openBreaches } from './breaches.ts'
import { openCorpus } from './corpus.ts'
import { rangeService } from './range-service.fixture.ts'
import { openRechecks } from './rechecks.ts'

const NEXT = 'Velvet-otter-staircase-9'

suite('setting a password', () => {
  let it: TestAccess
  let person: TestPerson
  let service: Awaited<ReturnType<typeof rangeService>>
  let online: ReturnType<typeof openAccess>

  before(async () => {
    it = await testAccess()
    person = await firstPerson(it, 'robin.waters@example.org')
    service = await rangeService([GOOD_PASSWORD])
    const breaches = openBreaches({ url: service.url, corpus: openCorpus(''), clock: it.clock })
    online = openAccess({ ...it, breaches, rechecks: openRechecks(breaches, it.clock) })
  })
  after(async () => {
    await online.passwords.close()
    await service.close()
    await it.close()
  })

  const change = async (current: string, next: string, access = it.access): Promise<void> => {
    it.clock.advanceSeconds(30)
    await access.changePassword(await person.context(), {
      current,
      next,
      code: codeNow(it.clock, person.secret),
    })
  }
  const refusal = async (run: () => Promise<unknown>): Promise<Problem> => {
    const error: unknown = await run().catch((thrown: unknown) => thrown)
    assert.ok(error instanceof Problem)
    return error
  }
  const account = () =>
    it.db
      .selectFrom('account')
      .select(['breach_checked_at', 'password_breached_at', 'password_hash'])
      .executeTakeFirstOrThrow()
  const signIn = (password: string, access = online) =>
    access.signIn.password(contextOf(), { email: person.email, password, device: null })

  test('policy 3.3-c: a breached password is refused with what to do, and never repeated', async () => {
    const error = await refusal(() => change(GOOD_PASSWORD, 'P@ssword-2026!'))
    assert.equal(error.code, 'access.password-breached')
    assert.match(error.detail, /Choose one/)
    assert.equal(error.message.includes('P@ssword'), false)
  })

  test('policy 3.3-a: a password of the own name, address or service is refused, and what embellishes one is', async () => {
    for (const next of ['Robin-Waters-26', 'Surety-2026-!!', 'InstantReply1!', 'robin.waters@26']) {
      const error = await refusal(() => change(GOOD_PASSWORD, next))
      assert.equal(error.code, 'access.password-weak', next)
      assert.equal(error.message.includes(next), false)
    }
    assert.equal(
      (await refusal(() => change(GOOD_PASSWORD, 'Surety-Password-1'))).code,
      'access.password-breached',
    )
  })

  test('policy 3.3-c: a password set while the service is away is asked about when it returns, and nothing of it is stored meanwhile', async () => {
    service.setMood('error')
    await change(GOOD_PASSWORD, NEXT, online)
    assert.equal((await account()).breach_checked_at, null)
    await online.passwords.retryRechecks()
    assert.equal((await account()).breach_checked_at, null)
    service.setMood('well')
    it.clock.advanceSeconds(60)
    await online.passwords.retryRechecks()
    const row = await account()
    assert.deepEqual(row.breach_checked_at, it.clock.now())
    assert.equal(row.password_breached_at, null)
  })

  test('policy 3.3-c: at sign-in a password is looked up once a day; a hit leaves nothing open but another password', async () => {
    await signIn(NEXT)
    await online.passwords.settled()
    const asked = service.asked.length
    it.clock.advanceSeconds(24 * 60 * 60)
    await fullSession(NEXT)
    await online.passwords.settled()
    await fullSession(NEXT)
    await online.passwords.settled()
    assert.equal(service.asked.length, asked + 1)
    await it.db.updateTable('account').set({ breach_checked_at: null }).execute()
    // The service lists the old password only; pretend that the present one leaked, too.
    const leaked = await rangeService([NEXT])
    const breaches = openBreaches({ url: leaked.url, corpus: openCorpus(''), clock: it.clock })
    const later = openAccess({ ...it, breaches, rechecks: openRechecks(breaches, it.clock) })
    await signIn(NEXT, later)
    await later.passwords.settled()
    assert.deepEqual((await account()).password_breached_at, it.clock.now())
    assert.equal(
      (await it.messages()).some(({ kind }) => kind === 'password-breached'),
      true,
    )
    await later.passwords.close()
    await leaked.close()
  })

  const fullSession = async (password: string) => {
    const begun = await signIn(password)
    it.clock.advanceSeconds(30)
    return it.access.signIn.code(contextOf(await callerOf(it.access, begun.token)), {
      code: codeNow(it.clock, person.secret),
      device: null,
    })
  }

  test('policy 3.3-c: whoever signs in with a breached password and two factors reaches the change of password only', async () => {
    const { token } = await fullSession(NEXT)
    const cookie = { cookie: `__Host-surety=${token}` }
    const ask = async (path: string, init: RequestInit = {}) => {
      const answer = await it.door.request(path, {
        ...init,
        headers: { ...cookie, 'content-type': 'application/json' },
      })
      return {
        status: answer.status,
        body: (await answer.json()) as { code?: string; level?: string },
        answer,
      }
    }
    for (const path of ['/api/people', '/api/access/sessions', '/api/access/factors', '/api/api-keys'])
      assert.equal((await ask(path)).body.code, 'access.password-renewal', path)
    assert.equal((await ask('/api/access/me')).body.level, 'renewing')
    const renew = (next: string, current = NEXT) =>
      ask('/api/access/password/renew', { method: 'POST', body: JSON.stringify({ current, next }) })
    assert.equal((await renew('Marble-kite-falcon-3', 'Wrong-pass-2026')).body.code, 'access.refused')
    assert.equal((await renew(NEXT)).body.code, 'access.password-breached')
    assert.equal((await renew('short')).body.code, 'access.password-weak')
    const done = await renew('Marble-kite-falcon-3')
    assert.equal(done.body.level, 'full')
    const fresh = /__Host-surety=([^;]+)/.exec(done.answer.headers.get('set-cookie') ?? '')?.[1] ?? ''
    assert.notEqual(fresh, token)
    assert.equal((await callerOf(it.access, token)).kind, 'anonymous')
    assert.equal((await callerOf(it.access, fresh)).level, 'full')
    assert.equal((await account()).password_breached_at, null)
  })

  test('policy 3.3-b: after a turn of the pepper old passwords verify and are hashed anew at sign-in', async () => {
    const before = await it.db
      .selectFrom('account')
      .select(['password_hash', 'pepper_version'])
      .executeTakeFirstOrThrow()
    assert.equal(before.pepper_version, 1)
    const turned = await it.access.passwords.rotatePepper(contextOf())
    assert.deepEqual(turned, { version: 2, accounts: [{ version: 1, accounts: 1 }] })
    await signIn('Marble-kite-falcon-3', it.access)
    await it.access.passwords.settled()
    const after = await it.db
      .selectFrom('account')
      .select(['password_hash', 'pepper_version'])
      .executeTakeFirstOrThrow()
    assert.equal(after.pepper_version, 2)
    assert.notEqual(after.password_hash, before.password_hash)
    await signIn('Marble-kite-falcon-3', it.access)
    await assert.rejects(signIn('Marble-kite-falcon-4', it.access), { code: 'access.refused' })
  })

  test('policy 3.3-a: 128 characters and 64 of several bytes each are kept whole; more than 1,024 bytes are refused', async () => {
    const long = 'Ünï-çøde-🦊'.repeat(13)
    const { token } = await fullSession('Marble-kite-falcon-3')
    person = { ...person, context: async () => contextOf(await callerOf(it.access, token)) }
    await change('Marble-kite-falcon-3', long)
    await signIn(long, it.access)
    await assert.rejects(signIn(`${long.slice(0, -1)}x`, it.access), { code: 'access.refused' })
    await change(long, `Aa1-${'y'.repeat(124)}`)
    const body = JSON.stringify({ email: person.email, password: '🦊'.repeat(257) })
    const headers = { 'content-type': 'application/json' }
    const answer = await it.door.request('/api/access/sign-in', { method: 'POST', headers, body })
    assert.equal(answer.status, 422)
  })
})
