import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { openAccess } from '../access.ts'
import {
  callerOf,
  contextOf,
  firstPerson,
  GOOD_PASSWORD,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'

const IDLE = 1800
const ABSOLUTE = 43_200

suite('sessions', () => {
  let it: TestAccess
  let person: TestPerson

  beforeEach(async () => {
    it = await testAccess()
    person = await firstPerson(it)
  })
  afterEach(() => it.close())

  const alive = async (token = person.token, access = it.access): Promise<boolean> =>
    (await callerOf(access, token)).kind === 'account'

  test('policy 3.4-a: a session idle for 29:59 works, idle for exactly 30 minutes it is refused', async () => {
    it.clock.advanceSeconds(IDLE - 0.001)
    assert.equal(await alive(), true)
    it.clock.advanceSeconds(IDLE)
    assert.equal(await alive(), false)
    assert.equal(await alive(), false)
  })

  test('policy 3.4-a: 12 hours after sign-in a session ends, however much it is used', async () => {
    const { created_at } = await it.db.selectFrom('session').select('created_at').executeTakeFirstOrThrow()
    const end = created_at.getTime() + ABSOLUTE * 1000
    while (it.clock.now().getTime() + 600_000 < end) {
      it.clock.advanceSeconds(600)
      assert.equal(await alive(), true)
    }
    it.clock.set(new Date(end - 1))
    assert.equal(await alive(), true)
    it.clock.set(new Date(end))
    assert.equal(await alive(), false)
  })

  test('policy 3.4-a: a change of the policy ends sessions at their next request', async () => {
    it.clock.advanceSeconds(900)
    const stricter = openAccess({
      ...it,
      policy: {
        ...it.policy,
        read: (of) => (of.name === 'session.idle' ? (900 as never) : it.policy.read(of)),
      },
    })
    assert.equal(await alive(person.token, stricter), false)
  })

  test('policy 3.4-a: a passive request neither extends a session nor hides that it ended', async () => {
    for (let at = 0; at < 2; at += 1) {
      it.clock.advanceSeconds(IDLE / 2 - 1)
      assert.equal((await callerOf(it.access, person.token, { 'surety-passive': '1' })).kind, 'account')
    }
    it.clock.advanceSeconds(2)
    assert.equal(await alive(), false)
  })

  test('policy 3.4-a: uses inside one minute make one write and none of them is lost', async () => {
    const stored = async (): Promise<number> => {
      const row = await it.db.selectFrom('session').select('last_seen_at').executeTakeFirstOrThrow()
      return row.last_seen_at.getTime()
    }
    it.clock.advanceSeconds(60)
    await Promise.all(Array.from({ length: 50 }, () => alive()))
    const written = await stored()
    it.clock.advanceSeconds(59)
    await alive()
    assert.equal(await stored(), written)
    const lastUse = it.clock.now().getTime()
    it.clock.advanceSeconds(IDLE - 1)
    assert.equal(await alive(), true, 'the use that is only in memory counts')
    assert.ok((await stored()) > lastUse)
  })

  test('policy 3.4-a: another process sees a use at the latest a minute later, and never a later one', async () => {
    const other = openAccess(it)
    it.clock.advanceSeconds(59)
    await alive()
    const lastUse = it.clock.now().getTime()
    it.clock.advanceSeconds(15)
    await it.access.sessions.flush()
    it.clock.set(new Date(lastUse + IDLE * 1000 - 1))
    assert.equal((await callerOf(other, person.token, { 'surety-passive': '1' })).kind, 'account')
    it.clock.set(new Date(lastUse + IDLE * 1000))
    assert.equal(await alive(person.token, other), false)
  })

  test('policy 3.4-b: signing out ends the session in every process at once', async () => {
    const other = openAccess(it)
    assert.equal(await alive(person.token, other), true)
    await it.access.signOut(await person.context())
    assert.deepEqual([await alive(), await alive(person.token, other)], [false, false])
  })

  test('policy 3.4-c: every active session is listed with device and times, and each can be ended alone', async () => {
    const signInAgain = async (): Promise<string> => {
      const [code = ''] = person.recoveryCodes.slice(used)
      used += 1
      const begun = await it.access.signIn.password(contextOf(), {
        email: person.email,
        password: GOOD_PASSWORD,
        device: null,
      })
      const context = contextOf(await callerOf(it.access, begun.token))
      return (await it.access.signIn.code(context, { code, device: null })).token
    }
    let used = 0
    const second = await signInAgain()
    const third = await signInAgain()
    const list = await it.access.sessions.list((await person.context()).caller)
    assert.equal(list.length, 3)
    assert.equal(list.filter((one) => one.current).length, 1)
    const [newest] = list
    assert.deepEqual(newest?.device, {
      ip: '192.0.2.7',
      userAgent: 'sample browser',
      says: 'an unknown device',
    })
    assert.equal(newest.place.says, 'unknown')
    assert.deepEqual([...newest.factors].sort(), ['password', 'recovery-code'])
    const at = Date.parse(newest.createdAt)
    assert.equal(Date.parse(newest.endsAt), at + ABSOLUTE * 1000)
    assert.equal(Date.parse(newest.endsUnusedAt), Date.parse(newest.lastSeenAt) + IDLE * 1000)
    const secondId = (await callerOf(it.access, second)).sessionId ?? ''
    assert.equal(await it.access.endSessions(await person.context(), { only: secondId }), 1)
    assert.deepEqual([await alive(), await alive(second), await alive(third)], [true, false, true])
    const own = (await person.context()).caller.sessionId ?? ''
    assert.equal(await it.access.endSessions(await person.context(), { except: own }), 1)
    assert.deepEqual([await alive(), await alive(third)], [true, false])
    assert.equal(await it.access.endSessions(await person.context(), {}), 1)
    assert.equal(await alive(), false)
  })

  test('policy 3.4-c: nobody ends the session of somebody else, and lists never show a token', async () => {
    const foreign = { ...(await person.context()).caller, id: '00000000-0000-7000-8000-000000000001' }
    const { sessionId } = (await person.context()).caller
    // The same answer as for one that never was, so that nobody learns which ids exist.
    for (const only of [sessionId ?? '', '00000000-0000-7000-8000-00000000abcd'])
      await assert.rejects(it.access.endSessions(contextOf(foreign), { only }), {
        code: 'resource.unknown',
        detail: 'There is no such session.',
      })
    assert.equal(await alive(), true)
    const list = JSON.stringify(await it.access.sessions.list((await person.context()).caller))
    assert.equal(list.includes(person.token), false)
  })

  test('a session that only knows a password is over after ten minutes', async () => {
    const begun = await it.access.signIn.password(contextOf(), {
      email: person.email,
      password: GOOD_PASSWORD,
      device: null,
    })
    it.clock.advanceSeconds(599)
    assert.equal(await alive(begun.token), true)
    it.clock.advanceSeconds(1)
    assert.equal(await alive(begun.token), false)
  })

  test('policy 3.4-c: ending sessions at the door takes a factor proved lately, and an unknown id is 404', async () => {
    const unknown = '00000000-0000-7000-8000-00000000abcd'
    const ask = async (path: string): Promise<[number, string]> => {
      const reply = await it.door.request(`/api/access/sessions/${path}`, {
        method: 'POST',
        headers: { cookie: `__Host-surety=${person.token}`, 'content-type': 'application/json' },
        body: '{}',
      })
      return [reply.status, ((await reply.json()) as { code?: string }).code ?? '']
    }
    assert.deepEqual(await ask(`${unknown}/revoke`), [404, 'resource.unknown'])
    it.clock.advanceSeconds(301)
    for (const path of [`${unknown}/revoke`, 'revoke-others', 'revoke-all'])
      assert.deepEqual(await ask(path), [401, 'access.step-up-needed'])
    assert.equal(await alive(), true)
  })

  test('trap 8: no client chooses how long a session lasts: the cookie has no lifetime and a wish for one is refused', async () => {
    const body = { email: person.email, password: GOOD_PASSWORD }
    const ask = (more: object) =>
      it.door.request('/api/access/sign-in', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, ...more }),
      })
    for (const wish of [{ rememberMe: true }, { rememberMe: false }, { expiresIn: 1e9 }])
      assert.equal((await ask(wish)).status, 422)
    const right = await ask({})
    const [cookie = ''] = right.headers.getSetCookie().filter((one) => one.startsWith('__Host-surety='))
    assert.match(cookie, /^__Host-surety=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
  })

  test('hostile cookies are nobody or refused, never an error', async () => {
    const ask = (cookie: string, more: Record<string, string> = {}) =>
      it.access.identify(new Request('https://localhost/', { headers: { cookie, ...more } }), {
        ip: '192.0.2.7',
        userAgent: '',
      })
    const name = '__Host-surety'
    for (const cookie of [
      `${name}=`,
      `${name}=x`,
      `${name}=${'a'.repeat(43)}`,
      `${name}=${'a'.repeat(9000)}`,
      `x${name}=${person.token}`,
    ])
      assert.equal((await ask(cookie)).kind, 'anonymous')
    await assert.rejects(ask(`${name}=${person.token}; ${name}=${person.token}`), {
      code: 'request.malformed',
    })
    await assert.rejects(ask(`${name}=${person.token}`, { authorization: `Bearer sk_${'a'.repeat(43)}` }), {
      code: 'request.malformed',
    })
    assert.equal((await ask('', { authorization: 'Bearer another-service' })).kind, 'anonymous')
  })
})
