import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { firstPerson, testAccess, type TestAccess, type TestPerson } from '../access.fixture.ts'
import { FORM_HEADER, formToken, isFormToken } from './form-token.ts'

suite('policy 5.3-b: what changes something in the name of a session comes from a page of it', () => {
  let it: TestAccess
  let person: TestPerson
  before(async () => {
    it = await testAccess()
    person = await firstPerson(it)
  })
  after(() => it.close())

  const proved = (headers: Record<string, string>): boolean =>
    it.access.provesForm(new Request('https://localhost/', { headers }))

  test('only the proof of this very session is one', () => {
    const cookie = `__Host-surety=${person.token}`
    const right = formToken(person.token)
    assert.equal(proved({ cookie, [FORM_HEADER]: right }), true)
    const other = formToken('A'.repeat(43))
    for (const wrong of [other, right.slice(1), `${right}A`, right.toUpperCase(), '', 'é'.repeat(43)])
      assert.equal(isFormToken(wrong, person.token), false, wrong)
    assert.equal(proved({ cookie }), false)
    // What only the browser adds by itself proves nothing.
    assert.equal(proved({ cookie: `${cookie}; __Host-surety-form=${right}` }), false)
    assert.equal(proved({ [FORM_HEADER]: formToken('') }), false)
  })

  test('a page that lacks the proof gets it with its first question, readable, and no other answer carries it', async () => {
    const ask = (cookie: string) => it.door.request('/api/access/me', { headers: { cookie } })
    const right = `__Host-surety-form=${formToken(person.token)}`
    const session = `__Host-surety=${person.token}`
    const set = (await ask(session)).headers.getSetCookie()
    assert.deepEqual(set, [`${right}; Path=/; Secure; SameSite=Strict`])
    assert.deepEqual((await ask(`${session}; ${right}`)).headers.getSetCookie(), [])
    assert.deepEqual(
      (await ask(`${session}; __Host-surety-form=${'A'.repeat(43)}`)).headers.getSetCookie(),
      set,
    )
    assert.deepEqual((await ask('none=1')).headers.getSetCookie(), [])
    assert.deepEqual((await ask(`__Host-surety=${'A'.repeat(43)}`)).headers.getSetCookie(), [])
  })

  test('signing out takes it away', async () => {
    const headers = { cookie: `__Host-surety=${person.token}`, 'content-type': 'application/json' }
    const out = await it.door.request('/api/access/sign-out', { method: 'POST', headers, body: '{}' })
    assert.ok(
      out.headers.getSetCookie().includes('__Host-surety-form=; Max-Age=0; Path=/; Secure; SameSite=Strict'),
    )
  })
})
