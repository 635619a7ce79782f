import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
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
import { newRecoveryCodes, recoveryCodeHash } from './recovery-code.ts'

suite('second factors', () => {
  let it: TestAccess
  let person: TestPerson

  beforeEach(async () => {
    it = await testAccess()
    person = await firstPerson(it)
  })
  afterEach(() => it.close())

  const alive = async (token: string): Promise<boolean> =>
    (await callerOf(it.access, token)).kind === 'account'
  const password = (tried = GOOD_PASSWORD) =>
    it.access.signIn.password(contextOf(), { email: person.email, password: tried, device: null })
  async function otherSession(): Promise<string> {
    const context = contextOf(await callerOf(it.access, (await password()).token))
    const code = person.recoveryCodes.at(-1) ?? ''
    return (await it.access.signIn.code(context, { code, device: null })).token
  }

  test('policy 3.1-0: the last factor cannot be removed, a second one can, and other sessions end', async () => {
    const { factors } = it.access
    const only = (await factors.list(await person.context())).factors[0]?.id ?? ''
    // More often than wrong codes may be tried: a right code counts towards no lock.
    for (let at = 0; at < 6; at += 1)
      await assert.rejects(
        factors.remove(await person.context(), { id: only, code: codeNow(it.clock, person.secret) }),
        { code: 'access.last-factor' },
      )
    const other = await otherSession()
    it.clock.advanceSeconds(30)
    const offer = await factors.add(await person.context(), {
      label: 'second app',
      code: codeNow(it.clock, person.secret),
    })
    assert.equal(await alive(other), true)
    const code = codeNow(it.clock, offer.secret)
    await factors.confirmAdded(await person.context(), { factorId: offer.factorId, code })
    assert.deepEqual([await alive(other), await alive(person.token)], [false, true])
    await assert.rejects(factors.remove(await person.context(), { id: only, code }), {
      code: 'access.code-refused',
    })
    it.clock.advanceSeconds(30)
    await factors.remove(await person.context(), { id: only, code: codeNow(it.clock, offer.secret) })
    assert.deepEqual(
      (await factors.list(await person.context())).factors.map((one) => one.label),
      ['second app'],
    )
  })

  test('policy 3.1-a: of two sessions that enrol at once, one gets in', async () => {
    const made = await it.access.people.invite(await person.context(), {
      email: 'twice@example.org',
      role: 'agent',
    })
    const right = await it.access.redeem(contextOf(), {
      token: made.token,
      name: 'Sample',
      password: GOOD_PASSWORD,
    })
    const begin = async () =>
      contextOf(
        await callerOf(
          it.access,
          (await it.access.signIn.begin(contextOf(), right.account, right.workspace)).token,
        ),
      )
    const [one, two] = [await begin(), await begin()]
    const first = await it.access.factors.enrol(one, 'one')
    const second = await it.access.factors.enrol(two, 'two')
    const confirm = (context: typeof one, offer: typeof first) =>
      it.access.factors.confirmEnrolment(context, {
        factorId: offer.factorId,
        code: codeNow(it.clock, offer.secret),
        device: null,
      })
    // Starting again replaces the offer before.
    await assert.rejects(confirm(one, first), { code: 'resource.unknown' })
    await confirm(two, second)
    await assert.rejects(confirm(one, second), { code: 'resource.conflict' })
  })

  test('policy 3.1-a: an offer that was not confirmed in ten minutes is void', async () => {
    const offer = await it.access.factors.add(await person.context(), {
      label: 'late',
      code: codeNow(it.clock, person.secret),
    })
    it.clock.advanceSeconds(600)
    const confirm = { factorId: offer.factorId, code: codeNow(it.clock, offer.secret) }
    await assert.rejects(it.access.factors.confirmAdded(await person.context(), confirm), {
      code: 'resource.unknown',
    })
  })

  test('policy 3.1-a: new recovery codes make the old ones worthless', async () => {
    const code = codeNow(it.clock, person.secret)
    const fresh = await it.access.factors.newRecoveryCodes(await person.context(), code)
    assert.equal(fresh.length, 10)
    await assert.rejects(otherSession(), { code: 'access.code-refused' })
    const context = contextOf(await callerOf(it.access, (await password()).token))
    const done = await it.access.signIn.code(context, { code: fresh[0] ?? '', device: null })
    assert.equal(done.level, 'full')
  })

  test('policy 3.3-a: a password change needs the present one and a fresh code, and ends other sessions', async () => {
    const other = await otherSession()
    const next = 'Another-pass-2026'
    const change = async (wanted: object) =>
      it.access.changePassword(await person.context(), {
        current: GOOD_PASSWORD,
        next,
        code: codeNow(it.clock, person.secret),
        ...wanted,
      })
    await assert.rejects(change({ next: 'weak' }), { code: 'access.password-weak' })
    await assert.rejects(change({ current: 'Wrong-pass-2026' }), { code: 'access.refused' })
    await assert.rejects(change({ code: '12345678901234567890' }), { code: 'access.code-refused' })
    await change({})
    assert.deepEqual([await alive(other), await alive(person.token)], [false, true])
    await assert.rejects(password(), { code: 'access.refused' })
    assert.equal((await password(next)).level, 'password')
  })

  test('policy 3.1-a: recovery codes have 120 random bits and forgive how they are typed', () => {
    const codes = Array.from({ length: 20 }, newRecoveryCodes).flat()
    assert.equal(new Set(codes).size, 200)
    for (const code of codes) {
      assert.match(code, /^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$/)
      assert.deepEqual(
        recoveryCodeHash(` ${code.toLowerCase().replaceAll('-', '')} `),
        recoveryCodeHash(code),
      )
    }
    for (const hostile of ['', 'short', 'A'.repeat(25), '1'.repeat(24), 'ä'.repeat(24)])
      assert.equal(recoveryCodeHash(hostile), null)
  })
})
