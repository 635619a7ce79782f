import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import {
  callerOf,
  contextOf,
  firstPerson,
  GOOD_PASSWORD,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { asSecret } from '../../kernel/secret.ts'
import type { DeviceToken } from './device.ts'

suite('a new device', () => {
  let it: TestAccess
  let person: TestPerson

  beforeEach(async () => {
    it = await testAccess()
    person = await firstPerson(it)
  })
  afterEach(() => it.close())

  const letters = async (): Promise<number> =>
    (await it.db.selectFrom('outbox').select('id').where('kind', '=', 'new-device').execute()).length

  const signIn = async (code: string, device: DeviceToken | null): Promise<void> => {
    const wanted = { email: person.email, password: GOOD_PASSWORD, device }
    const begun = await it.access.signIn.password(contextOf(), wanted)
    const context = contextOf(await callerOf(it.access, begun.token))
    await it.access.signIn.code(context, { code, device })
  }

  test('a sign-in that completes on an unknown device is told to the owner; on a known one it is not', async () => {
    const [one = '', two = ''] = person.recoveryCodes
    assert.equal(await letters(), 0, 'the device that the account was set up on is no news')
    await signIn(one, asSecret(person.device))
    assert.equal(await letters(), 0)
    await signIn(two, null)
    assert.equal(await letters(), 1)
  })

  test('a sign-in that does not complete writes no letter', async () => {
    await assert.rejects(signIn('00000-00000', null))
    assert.equal(await letters(), 0)
  })
})
