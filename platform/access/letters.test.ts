import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { anonymous } from './identify.ts'
import { contextOf, firstPerson, testAccess, type TestAccess, type TestPerson } from './access.fixture.ts'
import { deviceWords, invitationLetter, writeTo } from './letters.ts'

suite('letters', () => {
  let it: TestAccess
  let person: TestPerson
  before(async () => {
    it = await testAccess()
    person = await firstPerson(it)
  })
  after(() => it.close())

  test('a letter about an account goes to its owner, says where and when, and what to do', async () => {
    await it.db
      .transaction()
      .execute((tx) => writeTo(it, tx, person.id, 'factor-added', { what: 'an authenticator app' }))
    const letter = (await it.messages()).at(-1)
    assert.equal(letter?.to, person.email)
    assert.equal(letter?.kind, 'factor-added')
    assert.match(letter?.text ?? '', /an authenticator app/)
    assert.match(letter?.text ?? '', /If this was not you/)
    assert.match(letter?.text ?? '', /\d{4}-\d\d-\d\d \d\d:\d\d UTC, https:\/\/localhost:8443/)
  })

  test('an account that is gone gets no letter', async () => {
    const before = (await it.messages()).length
    const nobody = '00000000-0000-7000-8000-000000000001'
    await it.db.transaction().execute((tx) => writeTo(it, tx, nobody, 'password-changed', {}))
    assert.equal((await it.messages()).length, before)
  })

  test('a device cannot write into a letter', () => {
    const userAgent = 'Firefox/140 (Windows NT) visit https://evil.example now\r\n'
    const caller = anonymous({ ip: '192.0.2.7', userAgent })
    assert.equal(deviceWords(contextOf(caller)), 'Firefox on Windows, address 192.0.2.7')
    const strange = anonymous({ ip: '192.0.2.7', userAgent: 'visit https://evil.example' })
    assert.equal(deviceWords(contextOf(strange)), 'an unknown program, address 192.0.2.7')
  })

  test('an invitation holds its link and nothing that whoever invites could write', () => {
    const letter = invitationLetter(it, 'new@example.org', 'https://localhost:8443/console/welcome#token')
    assert.match(letter.text, /console\/welcome#token/)
    assert.equal(letter.account, null)
  })
})
