import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { sql } from 'kysely'
import { firstPerson, GOOD_PASSWORD, testAccess, type TestAccess, type TestPerson } from './access.fixture.ts'

suite('policy 4.3-a.4: what cannot be recorded does not happen', () => {
  let it: TestAccess
  let person: TestPerson
  before(async () => {
    it = await testAccess()
    person = await firstPerson(it)
  })
  after(() => it.close())

  const post = (path: string, body: object) =>
    it.door.request(path, {
      method: 'POST',
      headers: { cookie: `__Host-surety=${person.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  /** Runs `use` while no event can be written. */
  const withoutAudit = async (use: () => Promise<void>): Promise<void> => {
    await sql`alter table audit_event rename to audit_event_away`.execute(it.db)
    try {
      await use()
    } finally {
      await sql`alter table audit_event_away rename to audit_event`.execute(it.db)
    }
  }

  test('a change is undone with its event, and goes through once events can be written again', async () => {
    const invite = { email: 'sample@example.org', role: 'agent' }
    const people = async () => (await it.db.selectFrom('link').selectAll().execute()).length
    const before = await people()
    await withoutAudit(async () => {
      await assert.rejects(post('/api/people/invitations', invite))
      await assert.rejects(post('/api/access/sign-out', {}))
    })
    assert.equal(await people(), before)
    const me = await it.door.request('/api/access/me', {
      headers: { cookie: `__Host-surety=${person.token}` },
    })
    assert.equal(((await me.json()) as { level: string }).level, 'full')
    assert.equal((await post('/api/people/invitations', invite)).status, 200)
    assert.equal(await people(), before + 1)
  })

  test('nobody gets a session that no event tells of', async () => {
    const sessions = async () => (await it.db.selectFrom('session').selectAll().execute()).length
    const before = await sessions()
    await withoutAudit(async () => {
      const body = { email: person.email, password: GOOD_PASSWORD }
      await assert.rejects(post('/api/access/sign-in', body))
    })
    assert.equal(await sessions(), before)
  })
})
