import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { callerOf, contextOf, firstPerson, testAccess, type TestAccess } from '../access.fixture.ts'

const SESSIONS = 30

suite('sessions beside each other', () => {
  let it: TestAccess
  before(async () => {
    it = await testAccess()
  })
  after(() => it.close())

  test('policy 3.4-c: no session ends because another one begins, as it is documented (ASVS 7.1.2)', async () => {
    const person = await firstPerson(it)
    const page = readFileSync(new URL('../../../docs/access.md', import.meta.url), 'utf8')
    assert.match(page, /any number of sessions at once: there is no limit at which one ends for another/)
    const tokens: string[] = []
    for (let at = 0; at < SESSIONS; at += 1)
      tokens.push((await it.access.signIn.begin(contextOf(), person.id, person.workspace)).token)
    for (const token of tokens) assert.equal((await callerOf(it.access, token)).level, 'password')
    const listed = await it.access.sessions.list((await person.context()).caller)
    assert.equal(listed.length, SESSIONS + 1)
  })

  test('policy 3.4-b: a token is 256 random bits of its own, and the database has its hash alone', async () => {
    const before = await it.db.selectFrom('session').select('account_id').executeTakeFirstOrThrow()
    const begin = () => it.access.signIn.begin(contextOf(), before.account_id, null)
    const tokens = await Promise.all(Array.from({ length: SESSIONS }, async () => (await begin()).token))
    assert.equal(new Set(tokens).size, SESSIONS)
    const bytes = tokens.map((token) => Buffer.from(token, 'base64url'))
    assert.ok(bytes.every(({ length }) => length === 32))
    // Each of the 32 places takes many values: no part is fixed or counts up.
    for (let at = 0; at < 32; at += 1)
      assert.ok(new Set(bytes.map((one) => one[at])).size > SESSIONS / 2, `byte ${at}`)
    const rows = await it.db.selectFrom('session').selectAll().execute()
    const stored = rows.flatMap((row) => Object.values(row as Record<string, unknown>))
    for (const token of tokens)
      for (const value of stored) {
        assert.ok(!String(value).includes(token))
        if (Buffer.isBuffer(value)) assert.ok(!value.includes(Buffer.from(token, 'base64url')))
      }
  })
})
