import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { accessChanged } from '../changed.ts'
import type { FactorKind } from '../../kernel/caller.ts'
import {
  authorizationUrl,
  callerByToken,
  codeFor,
  exchange,
  pkce,
  post,
  testBrowser,
  testClients,
  walk,
  type TestClients,
} from './clients.fixture.ts'

suite('policy 3.1-0: a session that reaches nothing by itself reaches nothing through a program', () => {
  let t: TestClients
  beforeEach(async () => {
    t = await testClients()
  })
  afterEach(() => t.close())

  /** What leaves the person's session with two factors in the database, and below `full` in every decision. */
  const ways: Readonly<Record<string, () => Promise<void>>> = {
    'policy 3.3-c: a password known from a breach': async () => {
      await t.db
        .updateTable('account')
        .set({ password_breached_at: t.clock.now() })
        .where('id', '=', t.person.id)
        .execute()
    },
    'policy 3.1-0: a link from a letter in place of the password': () => provedBy(['link', 'totp']),
    'policy 3.1-b: a text message, which does not count for the role': () => provedBy(['password', 'sms']),
  }

  async function provedBy(factors: readonly FactorKind[]): Promise<void> {
    await t.db
      .updateTable('session')
      .set({ factors: [...factors] })
      .where('account_id', '=', t.person.id)
      .execute()
  }

  function begun(): { readonly url: string } {
    const { challenge } = pkce()
    return {
      url: authorizationUrl(t.client.id, { code_challenge: challenge, code_challenge_method: 'S256' }),
    }
  }

  for (const [name, fall] of Object.entries(ways))
    test(`${name}: no code, not even for a program that was allowed before`, async () => {
      const visited = testBrowser(t)
      visited.use(t.person.token)
      const first = await walk(visited, begun().url)
      assert.ok(first.searchParams.has('code'))
      await fall()
      await accessChanged(t.db, 'everybody')
      assert.notEqual((await t.person.context()).caller.level, 'full')
      // Neither for a browser with the session alone, nor for one that was at the program before.
      const fresh = testBrowser(t)
      fresh.use(t.person.token)
      for (const browser of [fresh, visited])
        await assert.rejects(walk(browser, begun().url), /ends at a page/)
    })

  for (const [name, fall] of Object.entries(ways))
    test(`${name}: what was issued in the session is worth nothing until it is whole again`, async () => {
      const more = { scope: 'openid channel.read' }
      const { body } = await exchange(t, await codeFor(t, t.client.id, more))
      const token = String(body['access_token'])
      assert.equal((await callerByToken(t, token)).kind, 'client')
      await fall()
      await accessChanged(t.db, 'everybody')
      assert.equal((await callerByToken(t, token)).kind, 'anonymous')
      const asked = await post(t, '/oauth/introspect', { token }, { authorization: t.client.basic })
      assert.equal(asked.body['active'], false)
    })
})
