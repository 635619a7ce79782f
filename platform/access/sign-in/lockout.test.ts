import assert from 'node:assert/strict'
import { beforeEach, afterEach, suite, test } from 'node:test'
import { Problem } from '../../kernel/problem.ts'
import { asSecret } from '../../kernel/secret.ts'
import { openAccess } from '../access.ts'
import { openHashPool } from '../passwords/hash-pool.ts'
import { openPasswordHasher, type PasswordHasher } from '../passwords/password-hasher.ts'
import {
  callerOf,
  codeNow,
  contextOf,
  firstPerson,
  GOOD_PASSWORD,
  testAccess,
  testPeppers,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { attempt } from './lockout.ts'
import { ACCOUNT_BUDGET } from './throttle.ts'

suite('lock after wrong attempts', () => {
  let it: TestAccess
  let person: TestPerson

  beforeEach(async () => {
    it = await testAccess()
    person = await firstPerson(it)
  })
  afterEach(() => it.close())

  const tries = (password: string, device: string | null = null, email = person.email) =>
    it.access.signIn.password(contextOf(), {
      email,
      password,
      device: device === null ? null : asSecret(device),
    })
  const wrong = async (times: number, device: string | null = null): Promise<void> => {
    for (let at = 0; at < times; at += 1)
      await assert.rejects(tries('Wrong-pass-2026', device), { code: 'access.refused' })
  }

  test('policy 3.3-d: after 5 wrong passwords even the right one is refused, with the same answer', async () => {
    await wrong(4)
    assert.equal((await tries(GOOD_PASSWORD)).level, 'password')
    await wrong(5)
    await assert.rejects(tries(GOOD_PASSWORD), { code: 'access.refused' })
  })

  test('policy 3.3-d: a lock ends by itself after 15 minutes and doubles, up to a day', async () => {
    for (const minutes of [15, 30, 60, 120, 240, 480, 960, 1440, 1440]) {
      await wrong(5)
      it.clock.advanceSeconds(minutes * 60 - 1)
      const refused = await tries('Wrong-pass-2026').catch((error: unknown) => error)
      assert.ok(refused instanceof Problem)
      const { password_locked_until } = await it.db
        .selectFrom('account')
        .select('password_locked_until')
        .executeTakeFirstOrThrow()
      assert.equal(password_locked_until?.getTime(), it.clock.now().getTime() + 1000)
      it.clock.advanceSeconds(1)
    }
    assert.equal((await tries(GOOD_PASSWORD)).level, 'password')
  })

  test('policy 3.3-d: of 1,000 guesses at once, from 1,000 networks, exactly 5 are compared with the password', async () => {
    let compared = 0
    let hashed = 0
    const real = openPasswordHasher(testPeppers(), openHashPool({ queueMax: 1000, shareMax: 1000 }))
    const counting: PasswordHasher = {
      ...real,
      verify: (password, stored, cost, network) => {
        hashed += 1
        if (stored !== null) compared += 1
        return real.verify(password, stored, cost, network)
      },
    }
    const twin = openAccess({ ...it, hasher: counting, log: it.log })
    const guess = (at: number): Promise<unknown> => {
      const caller = { ...contextOf().caller, ip: `100.${at >> 8}.${at & 255}.1` }
      return twin.signIn
        .password(contextOf(caller), { email: person.email, password: `Guess-${at}-2026`, device: null })
        .catch((error: unknown) => error)
    }
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, at) => guess(at)))
    assert.ok(answers.every((one) => one instanceof Problem))
    assert.equal(compared, 5)
    // The account's own budget keeps the rest from being hashed at all.
    assert.equal(hashed, ACCOUNT_BUDGET.burst)
    await real.close()
  })

  test('policy 3.3-d: of 1,000 attempts taken at once exactly 5 may be verified, and each kind counts by itself', async () => {
    const take = (of: 'account-password' | 'account-code') =>
      Promise.all(
        Array.from({ length: 1000 }, () => attempt(it.db, it.policy, { of, id: person.id }, it.clock.now())),
      )
    const all = [...(await take('account-password')), ...(await take('account-code'))]
    assert.equal(all.filter(({ taken }) => taken).length, 10)
    assert.equal(all.filter(({ lockedUntil }) => lockedUntil !== null).length, 2)
  })

  test('policy 3.3-d: an attempt that a flood left no room to verify counts towards no lock', async () => {
    const full: PasswordHasher = {
      ...it.hasher,
      verify: async () => {
        throw new Problem('request.too-many', 'Too many people sign in at this moment.')
      },
    }
    const busy = openAccess({ ...it, hasher: full, log: it.log })
    const turnedAway = (times: number) =>
      Promise.all(
        Array.from({ length: times }, () =>
          assert.rejects(
            busy.signIn.password(contextOf(), {
              email: person.email,
              password: GOOD_PASSWORD,
              device: asSecret(person.device),
            }),
          ),
        ),
      )
    await wrong(4, person.device)
    await turnedAway(1)
    await turnedAway(8)
    assert.equal((await tries(GOOD_PASSWORD, person.device)).level, 'password')
    const left = await it.db
      .selectFrom('device')
      .select(['password_failures', 'password_locks', 'password_locked_until'])
      .executeTakeFirstOrThrow()
    assert.deepEqual(left, { password_failures: 0, password_locks: 0, password_locked_until: null })
  })

  test('policy 3.3-d: strangers cannot lock the owner out of a device that the account knows', async () => {
    await wrong(5)
    await assert.rejects(tries(GOOD_PASSWORD), { code: 'access.refused' })
    assert.equal((await tries(GOOD_PASSWORD, person.device)).level, 'password')
    await wrong(5, person.device)
    await assert.rejects(tries(GOOD_PASSWORD, person.device), { code: 'access.refused' })
  })

  test('policy 3.3-d: the owner is written to when strangers lock the account, and the link in the letter ends the lock, once', async () => {
    await wrong(5)
    await it.access.passwords.settled()
    const letter = (await it.messages()).findLast(({ kind }) => kind === 'account-locked')
    assert.equal(letter?.to, person.email)
    const link = /https:\/\/\S+#([\w-]+)/.exec(letter?.text ?? '')?.[1] ?? ''
    await assert.rejects(tries(GOOD_PASSWORD), { code: 'access.refused' })
    await it.access.recovery.unlock(contextOf(), link)
    assert.equal((await tries(GOOD_PASSWORD)).level, 'password')
    await assert.rejects(it.access.recovery.unlock(contextOf(), link), { code: 'access.link-expired' })
    // A device that the owner uses is locked by itself and tells nobody but the log.
    const before = (await it.messages()).length
    await wrong(5, person.device)
    await it.access.passwords.settled()
    assert.equal((await it.messages()).length, before)
  })

  test('policy 3.3-d: a lock by wrong codes of somebody who knows the password is told to the owner', async () => {
    const context = contextOf(await callerOf(it.access, (await tries(GOOD_PASSWORD)).token))
    const bad = codeNow(it.clock, person.secret) === '000000' ? '000001' : '000000'
    for (let at = 0; at < 5; at += 1)
      await assert.rejects(it.access.signIn.code(context, { code: bad, device: null }))
    const letter = (await it.messages()).findLast(({ kind }) => kind === 'account-locked')
    assert.equal(letter?.text.includes('#'), false)
  })

  test('policy 3.3-d: a device known to one account is a stranger to another', async () => {
    const before = await it.db.selectFrom('device').select('password_failures').executeTakeFirstOrThrow()
    await assert.rejects(tries(GOOD_PASSWORD, person.device, 'other@example.org'), { code: 'access.refused' })
    const after = await it.db.selectFrom('device').select('password_failures').executeTakeFirstOrThrow()
    assert.deepEqual(after, before)
  })

  test('policy 3.3-d: wrong codes have a count and a lock of their own', async () => {
    const begun = await tries(GOOD_PASSWORD)
    const context = contextOf(await callerOf(it.access, begun.token))
    const code = codeNow(it.clock, person.secret)
    const bad = code === '000000' ? '000001' : '000000'
    for (let at = 0; at < 5; at += 1)
      await assert.rejects(it.access.signIn.code(context, { code: bad, device: null }), {
        code: 'access.code-refused',
      })
    await assert.rejects(it.access.signIn.code(context, { code, device: null }), {
      code: 'access.code-refused',
    })
    assert.equal((await tries(GOOD_PASSWORD)).level, 'password')
    it.clock.advanceSeconds(15 * 60)
    const again = contextOf(await callerOf(it.access, (await tries(GOOD_PASSWORD)).token))
    const fresh = codeNow(it.clock, person.secret)
    assert.equal((await it.access.signIn.code(again, { code: fresh, device: null })).level, 'full')
  })

  test('policy 3.3-d: whoever stole the password cannot lock the owner out of a device or a session', async () => {
    const code = (ahead = 0): string => codeNow(it.clock, person.secret, ahead)
    const bad = code() === '000000' ? '000001' : '000000'
    const thief = contextOf(await callerOf(it.access, (await tries(GOOD_PASSWORD)).token))
    const guess = (device: string | null) =>
      it.access.signIn.code(thief, { code: bad, device: device === null ? null : asSecret(device) })
    for (let at = 0; at < 5; at += 1) await assert.rejects(guess(null), { code: 'access.code-refused' })
    await wrong(5)
    // The owner, in a session that was signed in before: the way out is a new password.
    const changed = { current: GOOD_PASSWORD, next: 'Another-pass-2026', code: code() }
    await it.access.changePassword(await person.context(), changed)
    it.clock.advanceSeconds(30)
    // And on a known device: both steps.
    const begun = await tries('Another-pass-2026', person.device)
    const owner = contextOf(await callerOf(it.access, begun.token))
    const done = await it.access.signIn.code(owner, { code: code(), device: asSecret(person.device) })
    assert.equal(done.level, 'full')
  })

  test('policy 3.3-d: guesses on a known device and within a session are counted and locked there', async () => {
    const bad = codeNow(it.clock, person.secret) === '000000' ? '000001' : '000000'
    const begun = await tries(GOOD_PASSWORD, person.device)
    const context = contextOf(await callerOf(it.access, begun.token))
    const device = asSecret<'device'>(person.device)
    const refused = { code: 'access.code-refused' }
    for (let at = 0; at < 5; at += 1)
      await assert.rejects(it.access.signIn.code(context, { code: bad, device }), refused)
    const right = (): string => codeNow(it.clock, person.secret)
    await assert.rejects(it.access.signIn.code(context, { code: right(), device }), refused)
    for (let at = 0; at < 5; at += 1)
      await assert.rejects(it.access.factors.newRecoveryCodes(await person.context(), bad), refused)
    await assert.rejects(it.access.factors.newRecoveryCodes(await person.context(), right()), refused)
    const change = (current: string) => async () =>
      it.access.changePassword(await person.context(), { current, next: 'Another-pass-2026', code: right() })
    for (let at = 0; at < 5; at += 1)
      await assert.rejects(change('Wrong-pass-2026'), { code: 'access.refused' })
    await assert.rejects(change(GOOD_PASSWORD), { code: 'access.refused' })
  })

  test('policy 3.3-d: a disabled account and an unknown address get the same answer as a wrong password', async () => {
    const answer = async (run: () => Promise<unknown>): Promise<unknown> => {
      const error: unknown = await run().catch((thrown: unknown) => thrown)
      assert.ok(error instanceof Problem)
      return { code: error.code, detail: error.detail }
    }
    const wrongOne = await answer(() => tries('Wrong-pass-2026'))
    const unknown = await answer(() => tries(GOOD_PASSWORD, null, 'nobody@example.org'))
    await it.db.updateTable('account').set({ disabled_at: it.clock.now() }).execute()
    assert.deepEqual([unknown, await answer(() => tries(GOOD_PASSWORD))], [wrongOne, wrongOne])
  })

  test('a flood from one place at one account is refused before anything is hashed', async () => {
    let compared = 0
    const counting: PasswordHasher = {
      ...it.hasher,
      verify: async () => {
        compared += 1
        return false
      },
    }
    const twin = openAccess({ ...it, hasher: counting, log: it.log })
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        twin.signIn
          .password(contextOf(), { email: person.email, password: 'Wrong-pass-2026', device: null })
          .catch((error: unknown) => error),
      ),
    )
    assert.equal(compared, 20)
    const refused = answers.filter((one) => one instanceof Problem && one.code === 'request.too-many')
    assert.equal(refused.length, 80)
  })
})
