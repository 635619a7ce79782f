import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import fc from 'fast-check'
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
} from '../../access.fixture.ts'
import { softKey, type SoftKey, type SoftKeyWish } from './soft-key.ts'
import { userHandle } from './ceremony.ts'
import type { AssertionResponse } from './responses.ts'

const SITE = { origin: 'https://localhost:8443', rpId: 'localhost' } as const

suite('security keys', () => {
  let it: TestAccess
  let person: TestPerson
  let other: TestPerson

  before(async () => {
    it = await testAccess()
    person = await firstPerson(it)
    other = await invitedPerson(it, person, 'other@example.org', 'agent')
  })
  after(() => it.close())
  // Every test begins with full sessions that proved a factor just now.
  beforeEach(async () => {
    person = await again(person)
    other = await again(other)
  })

  /** Signs somebody in again with password and code. */
  async function again(who: TestPerson): Promise<TestPerson> {
    it.clock.advanceSeconds(60)
    const begun = await password(who)
    const { token } = await it.access.signIn.code(await contextFor(begun.token), {
      code: codeNow(it.clock, who.secret),
      device: null,
    })
    return { ...who, token, context: () => contextFor(token) }
  }
  const contextFor = async (token: string) => contextOf(await callerOf(it.access, token))
  const password = (who: TestPerson) =>
    it.access.signIn.password(contextOf(), { email: who.email, password: GOOD_PASSWORD, device: null })

  async function addKey(who: TestPerson, key: SoftKey, wish: Partial<SoftKeyWish> = {}): Promise<string> {
    const { challenge } = await it.access.keys.addOptions(await who.context(), undefined)
    const response = key.create({ ...SITE, challenge, ...wish })
    return it.access.keys.add(await who.context(), { label: 'sample key', response })
  }
  /** A session of this person that waits for a second factor, with the challenge for a key. */
  async function waiting(who: TestPerson) {
    const { token } = await password(who)
    const { challenge } = await it.access.keys.signInOptions(await contextFor(token))
    return {
      token,
      challenge,
      prove: async (response: AssertionResponse) =>
        it.access.keys.signIn(await contextFor(token), { response, device: null }),
    }
  }
  async function passkey(key: SoftKey, wish: Partial<SoftKeyWish> = {}) {
    const { challenge } = await it.access.keys.passkeyOptions()
    const response = key.get({ ...SITE, challenge, ...wish })
    return it.access.keys.passkey(contextOf(), { response, device: null })
  }
  const reasons = async (): Promise<string[]> => {
    const rows = await it.db
      .selectFrom('audit_event')
      .select('type')
      .where('type', 'in', ['factor.copied', 'sign-in.key-tried'])
      .execute()
    return rows.map(({ type }) => type)
  }

  test('policy 3.1-c: a key signs in after the password, under a new token, and its use is noted', async () => {
    const key = softKey()
    const id = await addKey(person, key)
    const step = await waiting(person)
    const done = await step.prove(key.get({ ...SITE, challenge: step.challenge, verified: false }))
    assert.equal(done.level, 'full')
    assert.notEqual(done.token, step.token)
    assert.equal((await callerOf(it.access, step.token)).kind, 'anonymous')
    const caller = await callerOf(it.access, done.token)
    assert.deepEqual([...caller.factors].toSorted(), ['password', 'webauthn'])
    const { factors } = await it.access.factors.list(contextOf(caller))
    const listed = factors.find((one) => one.id === id)
    assert.equal(listed?.lastUsedAt, it.clock.now().toISOString())
    assert.equal(listed?.label, 'sample key')
  })

  test('policy 3.1-c: whatever is not exactly right is refused with one answer and burns the challenge', async () => {
    const key = softKey()
    await addKey(person, key)
    const foreign = softKey()
    await addKey(other, foreign)
    const wrong: readonly (readonly [string, SoftKey, Partial<SoftKeyWish>])[] = [
      ['another challenge', key, { challenge: 'A'.repeat(43) }],
      ['another origin', key, { origin: 'https://localhost.example' }],
      ['the origin without its port', key, { origin: 'https://localhost' }],
      ['another relying party', key, { rpId: 'example.org' }],
      ['nobody present', key, { present: false }],
      ['the other kind of answer', key, { type: 'webauthn.create' }],
      ['a page inside another page', key, { crossOrigin: true }],
      ['an unknown key', softKey(), {}],
      ['somebody else’s key', foreign, {}],
      ['another person’s handle', key, { userHandle: userHandle(other.id) }],
    ]
    for (const [what, by, wish] of wrong) {
      const step = await waiting(person)
      const answer = by.get({ ...SITE, challenge: step.challenge, ...wish })
      await assert.rejects(step.prove(answer), { code: 'access.key-refused' }, what)
      const right = key.get({ ...SITE, challenge: step.challenge })
      await assert.rejects(step.prove(right), { code: 'access.key-refused' }, `the right key after ${what}`)
      assert.equal((await callerOf(it.access, step.token)).level, 'password')
    }
  })

  test('policy 3.1-c: an answer is good once, for its session and purpose, and for five minutes', async () => {
    const key = softKey()
    await addKey(person, key)
    const one = await waiting(person)
    const two = await waiting(person)
    const answer = key.get({ ...SITE, challenge: one.challenge })
    await assert.rejects(two.prove(answer), { code: 'access.key-refused' })
    const { token } = await one.prove(answer)
    await assert.rejects(async () => it.access.keys.stepUp(await contextFor(token), answer), {
      code: 'access.key-refused',
    })
    const late = await waiting(person)
    it.clock.advanceSeconds(300)
    await assert.rejects(late.prove(key.get({ ...SITE, challenge: late.challenge })), {
      code: 'access.key-refused',
    })
    // A key that does not count is protected from replay by the burned challenge alone.
    const fresh = await waiting(person)
    const proof = key.get({ ...SITE, challenge: fresh.challenge, counter: 0 })
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => fresh.prove(proof)))
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
  })

  test('policy 3.1-c: a counter that goes back is refused, recorded, and its owner hears of it', async () => {
    const key = softKey({ counting: true })
    await addKey(person, key)
    const first = await waiting(person)
    await first.prove(key.get({ ...SITE, challenge: first.challenge, counter: 7 }))
    const before = (await reasons()).filter((type) => type === 'factor.copied').length
    for (const counter of [7, 6, 0]) {
      const step = await waiting(person)
      const answer = key.get({ ...SITE, challenge: step.challenge, counter })
      await assert.rejects(step.prove(answer), { code: 'access.key-refused' })
    }
    assert.equal((await reasons()).filter((type) => type === 'factor.copied').length, before + 3)
    assert.equal((await it.messages()).at(-1)?.kind, 'key-copied')
    const next = await waiting(person)
    assert.equal(
      (await next.prove(key.get({ ...SITE, challenge: next.challenge, counter: 8 }))).level,
      'full',
    )
  })

  test('policy 3.1-0: a passkey with its PIN is two factors, also while the password is locked', async () => {
    const key = softKey()
    await addKey(person, key)
    for (let at = 0; at < 5; at += 1)
      await assert.rejects(
        it.access.signIn.password(contextOf(), {
          email: person.email,
          password: 'Wrong-pass-2026',
          device: null,
        }),
        { code: 'access.refused' },
      )
    const done = await passkey(key, { userHandle: userHandle(person.id) })
    assert.equal(done.level, 'full')
    const caller = await callerOf(it.access, done.token)
    assert.deepEqual([caller.id, caller.level], [person.id, 'full'])
    assert.deepEqual([...caller.factors].toSorted(), ['user-verification', 'webauthn'])
    it.clock.advanceSeconds(86_400)
  })

  test('policy 3.1-0: trap 9: a passkey without its PIN is one factor, and the same key is no second one', async () => {
    const key = softKey()
    await addKey(person, key)
    const begun = await passkey(key, { verified: false })
    assert.equal(begun.level, 'password')
    const context = await contextFor(begun.token)
    assert.deepEqual([...context.caller.permissions].toSorted(), ['public', 'self.sign-in'])
    const { challenge } = await it.access.keys.signInOptions(context)
    const response = key.get({ ...SITE, challenge })
    await assert.rejects(it.access.keys.signIn(context, { response, device: null }), {
      code: 'resource.conflict',
    })
    it.clock.advanceSeconds(30)
    const done = await it.access.signIn.code(context, {
      code: codeNow(it.clock, person.secret),
      device: null,
    })
    assert.equal(done.level, 'full')
  })

  test('policy 3.1-c: a passkey that nobody has, a wrong one and a disabled account get one answer', async () => {
    const key = softKey()
    await addKey(other, key)
    const answers = new Set<string>()
    const refused = async (by: SoftKey, wish: Partial<SoftKeyWish> = {}) => {
      const reply = await it.door.request('/api/access/passkey/options', { method: 'POST' })
      const { options } = (await reply.json()) as {
        options: { challenge: string; allowCredentials?: unknown }
      }
      assert.equal(options.allowCredentials, undefined)
      const response = by.get({ ...SITE, challenge: options.challenge, ...wish })
      const answer = await it.door.request('/api/access/passkey/verify', {
        method: 'POST',
        body: JSON.stringify({ response }),
      })
      const { requestId: _, ...said } = (await answer.json()) as Record<string, unknown>
      assert.equal(answer.headers.get('set-cookie'), null)
      answers.add(JSON.stringify([answer.status, said]))
    }
    await refused(softKey())
    await refused(key, { origin: 'https://evil.example' })
    await refused(key, { userHandle: userHandle(person.id) })
    await it.db
      .updateTable('account')
      .set({ disabled_at: it.clock.now() })
      .where('id', '=', other.id)
      .execute()
    await refused(key)
    await it.db.updateTable('account').set({ disabled_at: null }).where('id', '=', other.id).execute()
    assert.equal(answers.size, 1, [...answers].join('\n'))
  })

  test('policy 3.1-0: trap 10: whoever knows the password alone cannot set up a key', async () => {
    const begun = await password(person)
    const context = await contextFor(begun.token)
    await assert.rejects(it.access.keys.enrolOptions(context), { code: 'resource.conflict' })
    await assert.rejects(() => it.access.keys.addOptions(context, undefined), {
      code: 'access.factor-needed',
    })
    for (const path of ['/api/access/enrol/webauthn/options', '/api/access/factors/webauthn/options']) {
      const answer = await it.door.request(path, {
        method: 'POST',
        headers: { cookie: `__Host-surety=${begun.token}` },
      })
      assert.equal(answer.status, 401, path)
    }
  })

  test('policy 3.1-c: a new key must answer this session’s challenge for this site, and belongs to one account', async () => {
    const wrong: readonly Partial<SoftKeyWish>[] = [
      { challenge: 'A'.repeat(43) },
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { present: false },
      { type: 'webauthn.get' },
      { crossOrigin: true },
    ]
    for (const wish of wrong)
      await assert.rejects(addKey(person, softKey(), wish), { code: 'access.key-refused' })
    const key = softKey()
    await addKey(other, key)
    await assert.rejects(addKey(person, key), { code: 'access.key-refused' })
  })

  test('policy 3.1-0: adding a key needs a fresh factor, ends other sessions and tells the owner', async () => {
    const elsewhere = await again(person)
    person = await again(person)
    await addKey(person, softKey())
    assert.equal((await callerOf(it.access, elsewhere.token)).kind, 'anonymous')
    assert.equal((await it.messages()).at(-1)?.kind, 'factor-added')
    it.clock.advanceSeconds(300)
    const late = await person.context()
    await assert.rejects(it.access.keys.addOptions(late, undefined), { code: 'access.step-up-needed' })
    const { challenge } = await it.access.keys.addOptions(late, codeNow(it.clock, person.secret))
    assert.equal(challenge.length, 43)
  })

  test('policy 3.1-c: garbage for client data, authenticator data, statement or signature is refused, never an error', async () => {
    const key = softKey()
    await addKey(person, key)
    const step = await waiting(person)
    const text = fc
      .base64String({ minLength: 1, maxLength: 300 })
      .map((some) => some.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''))
    const good = () => key.get({ ...SITE, challenge: step.challenge })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('clientDataJSON', 'authenticatorData', 'signature', 'id' as const),
        text.filter((some) => some !== ''),
        async (field, garbage) => {
          const { challenge } = await it.access.keys.signInOptions(await contextFor(step.token))
          const answer = { ...good(), ...key.get({ ...SITE, challenge }) }
          const bad =
            field === 'id'
              ? { ...answer, id: garbage, rawId: garbage }
              : { ...answer, response: { ...answer.response, [field]: garbage } }
          await assert.rejects(step.prove(bad), { code: 'access.key-refused' })
        },
      ),
      { numRuns: 40 },
    )
    await fc.assert(
      fc.asyncProperty(text, async (garbage) => {
        const { challenge } = await it.access.keys.addOptions(await person.context(), undefined)
        const answer = softKey().create({ ...SITE, challenge })
        const response = { ...answer, response: { ...answer.response, attestationObject: garbage || 'oA' } }
        await assert.rejects(
          async () => it.access.keys.add(await person.context(), { label: 'bad', response }),
          { code: 'access.key-refused' },
        )
      }),
      { numRuns: 25 },
    )
  })

  test('policy 3.2-c: whoever leaves loses every key', async () => {
    const leaver = await invitedPerson(it, person, 'leaver@example.org', 'agent')
    const key = softKey()
    await addKey(leaver, key)
    const why = { reason: 'manual', cause: person.id } as const
    await it.access.leavers.withdraw(await person.context(), { account: leaver.id }, why)
    await assert.rejects(passkey(key), { code: 'access.refused' })
    const left = await it.db
      .selectFrom('webauthn_key')
      .select('id')
      .where('account_id', '=', leaver.id)
      .execute()
    assert.equal(left.length, 0)
  })

  test('policy 3.1-0: a key proves a factor again under a new token, and a stale session cannot go on without', async () => {
    const key = softKey()
    await addKey(person, key)
    it.clock.advanceSeconds(301)
    const stale = await person.context()
    await assert.rejects(it.access.factors.newRecoveryCodes(stale), { code: 'access.step-up-needed' })
    const { challenge } = await it.access.keys.stepUpOptions(stale)
    const token = await it.access.keys.stepUp(stale, key.get({ ...SITE, challenge }))
    assert.notEqual(token, person.token)
    assert.equal((await callerOf(it.access, person.token)).kind, 'anonymous')
    const fresh = await contextFor(token)
    assert.equal((await it.access.factors.newRecoveryCodes(fresh)).length, 10)
  })
})
