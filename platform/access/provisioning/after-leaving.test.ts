import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { contextOf, GOOD_PASSWORD, invitedPerson } from '../access.fixture.ts'
import { patchOf, sampleUser, testDirectory, type TestDirectory } from './provisioning.fixture.ts'

suite('after a directory said that somebody left', () => {
  let it: TestDirectory
  before(async () => {
    it = await testDirectory()
  })
  after(() => it.close())

  test('policy 3.2-c: after `active` is false the password opens nothing either, and says what a wrong one says', async () => {
    const email = 'leaver@example.org'
    const person = await invitedPerson(it, it.owner, email, 'agent')
    const user = sampleUser('leaver', { emails: [{ primary: true, value: email }] })
    const { body } = await it.scim('POST', '/Users', user)
    const tried = (password: string): Promise<unknown> =>
      it.access.signIn
        .password(contextOf(), { email, password, device: null })
        .catch((error: unknown) => ({ ...(error as object) }))
    const change = patchOf({ op: 'replace', path: 'active', value: false })
    assert.equal((await it.scim('PATCH', `/Users/${String(body['id'])}`, change)).status, 204)
    assert.equal((await person.context()).caller.kind, 'anonymous')
    const right = await tried(GOOD_PASSWORD)
    assert.equal((right as { readonly code?: string }).code, 'access.refused')
    assert.deepEqual(right, await tried('Wrong-pass-2026'))
    await it.access.leavers.settled()
    assert.deepEqual(await tried(GOOD_PASSWORD), right)
  })
})
