import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
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
import { softKey } from '../factors/webauthn/soft-key.ts'

const SITE = { origin: 'https://localhost:8443', rpId: 'localhost' } as const
const DATA = ['/api/access/sessions', '/api/access/factors', '/api/access/activity', '/api/people']

suite('ways in, and what other products got wrong with theirs', () => {
  let it: TestAccess
  let person: TestPerson
  const key = softKey()

  before(async () => {
    it = await testAccess()
    person = await firstPerson(it)
    const context = await person.context()
    const { challenge } = await it.access.keys.addOptions(context, undefined)
    await it.access.keys.add(context, { label: 'key', response: key.create({ ...SITE, challenge }) })
  })
  after(() => it.close())

  const contextFor = async (token: string) => contextOf(await callerOf(it.access, token))
  const password = () =>
    it.access.signIn.password(contextOf(), { email: person.email, password: GOOD_PASSWORD, device: null })

  async function refusedEverywhere(token: string): Promise<void> {
    const headers = { cookie: `__Host-surety=${token}` }
    for (const path of DATA) {
      const answer = await it.door.request(path, { headers })
      assert.equal(answer.status, 401, path)
      assert.equal(((await answer.json()) as { code: string }).code, 'access.factor-needed')
    }
  }

  test('policy 3.1-0: password, identity provider, link and a passkey without PIN reach no data by themselves', async () => {
    const { account, workspace } = { account: person.id, workspace: person.workspace }
    const { challenge } = await it.access.keys.passkeyOptions()
    const response = key.get({ ...SITE, challenge, verified: false })
    const ways = [
      await password(),
      await it.access.signIn.begin(contextOf(), account, workspace),
      await it.access.signIn.continueWith(contextOf(), { account, workspace }, 'upstream'),
      await it.access.signIn.continueWith(contextOf(), { account, workspace }, 'password'),
      await it.access.keys.passkey(contextOf(), { response, device: null }),
    ]
    for (const { token, level } of ways) {
      assert.equal(level, 'password')
      await refusedEverywhere(token)
    }
  })

  test('policy 3.1-0: a new password asks for the factor that is there and lets nobody set up another one', async () => {
    const { token } = await it.access.signIn.begin(contextOf(), person.id, person.workspace)
    const headers = { cookie: `__Host-surety=${token}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ label: 'another app' })
    const answer = await it.door.request('/api/access/enrol', { method: 'POST', headers, body })
    assert.equal(answer.status, 401)
    await assert.rejects(it.access.factors.enrol(await contextFor(token), 'another app'), {
      code: 'resource.conflict',
    })
  })

  test('policy 3.1-a: trap 6: a code is good once, at enrolment, sign-in and step-up', async () => {
    it.clock.advanceSeconds(60)
    const first = codeNow(it.clock, person.secret)
    const begun = await contextFor((await password()).token)
    const { token } = await it.access.signIn.code(begun, { code: first, device: null })
    const full = await contextFor(token)
    await assert.rejects(it.access.factors.stepUp(full, first), { code: 'access.code-refused' })
    const offer = await it.access.factors.add(full, { label: 'second app' })
    const enrolling = codeNow(it.clock, offer.secret)
    await it.access.factors.confirmAdded(full, { factorId: offer.factorId, code: enrolling })
    await assert.rejects(it.access.factors.stepUp(full, enrolling), { code: 'access.code-refused' })
    it.clock.advanceSeconds(30)
    const next = codeNow(it.clock, offer.secret)
    await it.access.factors.stepUp(full, next)
    const again = await contextFor((await password()).token)
    await assert.rejects(it.access.signIn.code(again, { code: next, device: null }), {
      code: 'access.code-refused',
    })
  })

  test('policy 3.1-0: trap 7: the token is new at every change of level and at step-up, and the one before is worthless', async () => {
    it.clock.advanceSeconds(60)
    const tokens = [(await password()).token]
    const code = { code: codeNow(it.clock, person.secret), device: null }
    tokens.push((await it.access.signIn.code(await contextFor(tokens[0] ?? ''), code)).token)
    it.clock.advanceSeconds(30)
    const full = await contextFor(tokens[1] ?? '')
    tokens.push(await it.access.factors.stepUp(full, codeNow(it.clock, person.secret)))
    assert.equal(new Set(tokens).size, 3)
    const levels = await Promise.all(tokens.map(async (token) => (await callerOf(it.access, token)).level))
    assert.deepEqual(levels, ['none', 'none', 'full'])
  })

  test('policy 3.1-0: recovery codes are no factor that somebody sets up, and new ones need a fresh factor', async () => {
    it.clock.advanceSeconds(60)
    const context = await contextFor((await password()).token)
    const code = { code: codeNow(it.clock, person.secret), device: null }
    const { token } = await it.access.signIn.code(context, code)
    const { factors, recoveryCodesLeft } = await it.access.factors.list(await contextFor(token))
    assert.ok(factors.every(({ kind }) => kind === 'totp' || kind === 'webauthn'))
    assert.equal(recoveryCodesLeft, 10)
    it.clock.advanceSeconds(300)
    const headers = { cookie: `__Host-surety=${token}`, 'content-type': 'application/json' }
    const answer = await it.door.request('/api/access/recovery-codes', {
      method: 'POST',
      headers,
      body: '{}',
    })
    assert.equal(((await answer.json()) as { code: string }).code, 'access.step-up-needed')
    const stored = await it.db.selectFrom('recovery_code').select('hash').execute()
    assert.ok(stored.every(({ hash }) => hash.length === 32))
  })
})
