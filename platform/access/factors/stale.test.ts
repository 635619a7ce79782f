import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { newId } from '../../kernel/id.ts'
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

suite('what people sign in with', () => {
  let it: TestAccess
  let person: TestPerson

  beforeEach(async () => {
    it = await testAccess()
    person = await firstPerson(it)
  })
  afterEach(() => it.close())

  test('policy 3.1-0: nothing that people sign in with is changed in a session that proved no factor lately', async () => {
    it.clock.advanceSeconds(600)
    const headers = { cookie: `__Host-surety=${person.token}`, 'content-type': 'application/json' }
    const id = newId(it.clock)
    const changes: Readonly<Record<string, object>> = {
      '/api/access/factors': { label: 'another app' },
      [`/api/access/factors/${id}/remove`]: {},
      '/api/access/factors/webauthn/options': {},
      '/api/access/sms': { number: '+4915112345678' },
      '/api/access/sms/remove': { factorId: id },
      '/api/access/recovery-codes': {},
      '/api/access/password': { current: GOOD_PASSWORD, next: 'Another-pass-2026' },
      '/api/access/upstream/link': {},
      [`/api/access/upstream/links/${id}/remove`]: {},
    }
    for (const [path, body] of Object.entries(changes)) {
      const reply = await it.door.request(path, { method: 'POST', headers, body: JSON.stringify(body) })
      const { code } = (await reply.json()) as { code: string }
      assert.deepEqual([path, reply.status, code], [path, 401, 'access.step-up-needed'])
    }
    const account = await it.db.selectFrom('account').select('password_set_at').executeTakeFirstOrThrow()
    assert.ok(account.password_set_at < it.clock.now())
  })

  test('policy 3.1-a: several authenticator apps work side by side, and a code of one is no code of the other', async () => {
    const offer = await it.access.factors.add(await person.context(), {
      label: 'second app',
      code: codeNow(it.clock, person.secret),
    })
    await it.access.factors.confirmAdded(await person.context(), {
      factorId: offer.factorId,
      code: codeNow(it.clock, offer.secret),
    })
    const signIn = async (code: string) => {
      const { token } = await it.access.signIn.password(contextOf(), {
        email: person.email,
        password: GOOD_PASSWORD,
        device: null,
      })
      return it.access.signIn.code(contextOf(await callerOf(it.access, token)), { code, device: null })
    }
    it.clock.advanceSeconds(60)
    const [first, second] = [codeNow(it.clock, person.secret), codeNow(it.clock, offer.secret)]
    assert.equal((await signIn(first)).level, 'full')
    // The same moment: the step of one app says nothing about the other.
    assert.equal((await signIn(second)).level, 'full')
    for (const used of [first, second]) await assert.rejects(signIn(used), { code: 'access.code-refused' })
  })
})
