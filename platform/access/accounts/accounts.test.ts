import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { GOOD_PASSWORD, testAccess, type TestAccess } from '../access.fixture.ts'
import { forgetPerson, openFace, prepareAccount } from './accounts.ts'

suite('accounts', () => {
  let it: TestAccess
  before(async () => {
    it = await testAccess()
  })
  after(() => it.close())
  const prepared = (email: string) => prepareAccount(it, { email, name: 'Sample', password: GOOD_PASSWORD })

  test('GDPR article 17: once a person is forgotten, no copy of their name and address opens any more', async () => {
    const [one, two] = [await prepared('one@sample.invalid'), await prepared('two@sample.invalid')]
    assert.equal((await openFace(it, one)).email, 'one@sample.invalid')
    await forgetPerson(it, it.db, one.id)
    await assert.rejects(openFace(it, one), { code: 'encryption.key-missing' })
    assert.equal((await openFace(it, two)).email, 'two@sample.invalid')
  })
})
