import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { invitedPerson } from '../access.fixture.ts'
import {
  otherDirectory,
  patchOf,
  sampleUser,
  scimClient,
  testDirectory,
  type TestDirectory,
} from './provisioning.fixture.ts'

suite('hostile directories', () => {
  let it: TestDirectory

  before(async () => {
    it = await testDirectory()
  })
  after(() => it.close())

  test('the token of one workspace sees and changes nothing of another, and cannot tell what is there', async () => {
    const other = await otherDirectory(it)
    const mine = await it.scim('POST', '/Users', sampleUser('mine'))
    const group = await it.scim('POST', '/Groups', { displayName: 'Mine' })
    const path = `/Users/${String(mine.body['id'])}`
    const nothing = await other.scim('GET', '/Users/019c0ec6-b730-7c1b-a520-aa08bb49634c')
    for (const [method, body] of [
      ['GET'],
      ['PUT', sampleUser('x')],
      ['PATCH', patchOf({ op: 'remove', path: 'title' })],
      ['DELETE'],
    ] as const) {
      const reply = await other.scim(method, path, body)
      assert.deepEqual([reply.status, reply.body], [nothing.status, nothing.body], method)
    }
    assert.equal(
      (await other.scim('GET', `/Users?filter=${encodeURIComponent(`id eq "${String(mine.body['id'])}"`)}`))
        .body['totalResults'],
      0,
    )
    assert.equal((await other.scim('GET', '/Groups')).body['totalResults'], 0)
    const theirs = await other.scim('POST', '/Groups', {
      displayName: 'Theirs',
      members: [{ value: mine.body['id'] }],
    })
    assert.equal(theirs.status, 201)
    const rows = await it.db
      .selectFrom('directory_member')
      .select('user_id')
      .where('group_id', '=', String(theirs.body['id']))
      .execute()
    assert.deepEqual(rows, [])
    assert.equal((await other.scim('DELETE', `/Groups/${String(group.body['id'])}`)).status, 404)
    assert.equal((await it.scim('GET', path)).status, 200)
  })

  test('an account of another workspace is never taken over, and the answer does not tell that there is one', async () => {
    const other = await otherDirectory(it)
    const person = await invitedPerson(it, it.owner, 'elsewhere@example.org', 'agent')
    const body = (email: string) => ({ userName: email, emails: [{ value: email, primary: true }] })
    const taken = await other.scim('POST', '/Users', body('elsewhere@example.org'))
    const free = await other.scim('POST', '/Users', body('nobody-yet@example.org'))
    assert.deepEqual([taken.status, Object.keys(taken.body)], [free.status, Object.keys(free.body)])
    assert.equal(
      (
        await other.scim(
          'PATCH',
          `/Users/${String(taken.body['id'])}`,
          patchOf({ op: 'replace', path: 'active', value: false }),
        )
      ).status,
      204,
    )
    await it.access.leavers.settled()
    assert.equal((await person.context()).caller.kind, 'account')
    const memberships = await it.db
      .selectFrom('membership')
      .select('workspace_id')
      .where('account_id', '=', person.id)
      .execute()
    assert.deepEqual(memberships, [{ workspace_id: it.owner.workspace }])
  })

  test('an admin’s token suspends no owner', async () => {
    const admin = await invitedPerson(it, it.owner, 'admin-token@example.org', 'admin')
    const wish = { workspace: it.owner.workspace, label: 'x', seconds: 3600 }
    const { token } = await it.access.directory.makeToken(await admin.context(), wish)
    const scim = scimClient(it, token)
    const made = await scim('POST', '/Users', {
      userName: 'the-owner',
      emails: [{ value: it.owner.email, primary: true }],
    })
    assert.equal(made.status, 201)
    const reply = await scim(
      'PATCH',
      `/Users/${String(made.body['id'])}`,
      patchOf({ op: 'replace', path: 'active', value: false }),
    )
    assert.equal(reply.status, 403)
    assert.equal((await it.owner.context()).caller.kind, 'account')
  })

  test('policy 4.3-a.2: a token is refused after its end, after its revocation, and when its maker may edit people no more', async () => {
    const admin = await invitedPerson(it, it.owner, 'maker@example.org', 'admin')
    const wish = { workspace: it.owner.workspace, label: 'x', seconds: 3600 }
    const short = await it.access.directory.makeToken(await it.owner.context(), { ...wish, seconds: 60 })
    const revoked = await it.access.directory.makeToken(await it.owner.context(), wish)
    const demoted = await it.access.directory.makeToken(await admin.context(), wish)
    const old = await it.access.directory.makeToken(await it.owner.context(), wish)
    const next = await it.access.directory.rotateToken(await it.owner.context(), {
      workspace: it.owner.workspace,
      id: old.id,
      seconds: 3600,
    })
    for (const { token } of [short, revoked, demoted, old, next])
      assert.equal((await scimClient(it, token)('GET', '/Users')).status, 200)
    await it.access.directory.revokeToken(await it.owner.context(), revoked.id)
    await it.access.people.changeRole(await it.owner.context(), admin.id, {
      role: 'auditor',
      jobFunction: 'audit',
    })
    it.clock.advanceSeconds(61)
    for (const { token } of [short, revoked, demoted])
      assert.equal((await scimClient(it, token)('GET', '/Users')).status, 401)
    for (const { token } of [old, next])
      assert.equal((await scimClient(it, token)('GET', '/Users')).status, 200)
    const [row] = await it.db
      .selectFrom('directory_token')
      .select('token_hash')
      .where('id', '=', next.id)
      .execute()
    assert.ok(!row?.token_hash.includes(Buffer.from(next.token)))
  })

  test('a directory’s token opens nothing but SCIM, and no key or session opens SCIM', async () => {
    const headers = { authorization: `Bearer ${it.token}` }
    for (const path of ['/api/people', '/api/api-keys', '/api/access/directory', '/api/access/leavers'])
      assert.equal((await it.door.request(path, { headers })).status, 403, path)
    const cookie = { cookie: `__Host-surety=${it.owner.token}` }
    assert.equal((await it.door.request('/scim/v2/Users', { headers: cookie })).status, 403)
    assert.equal(
      (await it.door.request('/scim/v2/Users', { headers: { ...headers, ...cookie } })).status,
      400,
    )
  })

  test('SQL, prototypes and wrong shapes change nothing and crash nothing', async () => {
    const before = (await it.db.selectFrom('account').select('id').execute()).length
    const evil = "x'); drop table account; --"
    const made = await it.scim(
      'POST',
      '/Users',
      JSON.parse(
        `{"userName":${JSON.stringify(evil)},"__proto__":{"admin":true},"constructor":{"prototype":1}}`,
      ),
    )
    assert.equal(made.status, 201)
    assert.equal(({} as Record<string, unknown>)['admin'], undefined)
    assert.equal(made.body['constructor'] === Object || made.body['constructor'] === undefined, true)
    for (const filter of [
      `userName eq ${JSON.stringify(evil)}`,
      `title co ${JSON.stringify(evil)}`,
      `id eq ${JSON.stringify(evil)}`,
      `meta.created gt ${JSON.stringify(evil)}`,
    ])
      assert.ok((await it.scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)).status < 500, filter)
    for (const query of [
      `sortBy=${evil}`,
      'sortBy=__proto__',
      'sortBy=name',
      'count=1e9',
      'startIndex=x',
      'cursor=%00',
      `attributes=${evil}`,
      'attributes=a&excludedAttributes=b',
    ])
      assert.ok((await it.scim('GET', `/Users?${query}`)).status < 500, query)
    for (const body of [
      [],
      'text',
      5,
      null,
      { userName: {} },
      { userName: [] },
      { userName: 'y', emails: 'x' },
      { userName: 'z', name: [] },
      { userName: 'w', active: 7 },
    ])
      assert.ok((await it.scim('POST', '/Users', body)).status < 500, JSON.stringify(body))
    const path = `/Users/${String(made.body['id'])}`
    for (const operation of [
      { op: 'add', path: '__proto__.x', value: 1 },
      { op: 'add', path: 'constructor', value: 1 },
      { op: 'add', value: JSON.parse('{"__proto__":{"admin":true}}') },
      { op: 'replace', path: 'emails[', value: 'x' },
      { op: 'replace', path: 'emails[type eq "a"]]', value: 'x' },
      { op: 'replace', path: 'emails[type eq "a"].__proto__', value: 'x' },
      { op: 'remove', path: 'userName' },
      { op: 'move', path: 'title' },
    ])
      assert.ok((await it.scim('PATCH', path, patchOf(operation))).status < 500, JSON.stringify(operation))
    assert.equal(({} as Record<string, unknown>)['admin'], undefined)
    assert.equal((await it.db.selectFrom('account').select('id').execute()).length, before)
  })

  test('an address that is no text is one at which there is nothing', async () => {
    for (const id of ['%FF', '%C3%28', '%E0%A4'])
      assert.equal((await it.scim('GET', `/Users/${id}`)).status, 404, id)
  })

  test('deep filters, long lists and huge bulk requests are refused', async () => {
    const deep = `${'('.repeat(60)}active eq true${')'.repeat(60)}`
    assert.equal(
      (await it.scim('GET', `/Users?filter=${encodeURIComponent(deep)}`)).body['scimType'],
      'invalidFilter',
    )
    const emails = Array.from({ length: 1001 }, (_, at) => ({ value: `a${at}@example.org` }))
    assert.equal((await it.scim('POST', '/Users', { userName: 'many', emails })).status, 400)
    const Operations = Array.from({ length: 1001 }, () => ({ method: 'DELETE', path: '/Users/x' }))
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest']
    assert.equal((await it.scim('POST', '/Bulk', { schemas, Operations })).status, 413)
    const circle = [
      {
        method: 'POST',
        path: '/Groups',
        bulkId: 'a',
        data: { displayName: 'a', members: [{ value: 'bulkId:b' }] },
      },
      {
        method: 'POST',
        path: '/Groups',
        bulkId: 'b',
        data: { displayName: 'b', members: [{ value: 'bulkId:a' }] },
      },
    ]
    const reply = await it.scim('POST', '/Bulk', { schemas, Operations: circle })
    assert.deepEqual(
      (reply.body['Operations'] as { status: string }[]).map((one) => one.status),
      ['409', '409'],
    )
  })

  test('what a directory tells lies sealed in the database', async () => {
    await it.scim('POST', '/Users', sampleUser('sealed-canary', { title: 'sealed-canary-title' }))
    const rows = await it.db.selectFrom('directory_user').selectAll().execute()
    assert.ok(rows.every((row) => !JSON.stringify(row).includes('canary') && !row.content.includes('canary')))
  })
})

/** How many people the paging test makes. */
const PEOPLE = 400

test('pages by cursor lose nobody while others are removed', async () => {
  const it = await testDirectory()
  try {
    const ids: string[] = []
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest']
    for (let at = 0; at < PEOPLE; at += 100) {
      const Operations = Array.from({ length: 100 }, (_, one) => ({
        method: 'POST',
        path: '/Users',
        bulkId: `b${one}`,
        data: { userName: `person-${at + one}`, active: false },
      }))
      const { body } = await it.scim('POST', '/Bulk', { schemas, Operations })
      for (const one of body['Operations'] as { location: string }[])
        ids.push(one.location.split('/').at(-1) ?? '')
    }
    const removed = new Set<string>()
    const seen = new Set<string>()
    for (let cursor: unknown = '', page = 0; typeof cursor === 'string'; page += 1) {
      const { body } = await it.scim('GET', `/Users?cursor=${cursor}&count=25`)
      for (const one of body['Resources'] as { id: string }[]) seen.add(one.id)
      // Some of those already told and of those still to come leave between two pages.
      const told = [...seen].filter((id) => !removed.has(id)).slice(0, 3)
      const coming = ids.filter((id) => !seen.has(id) && !removed.has(id)).slice(0, 3)
      await Promise.all([...told, ...coming].map((id) => it.scim('DELETE', `/Users/${id}`)))
      for (const id of [...told, ...coming]) removed.add(id)
      cursor = body['nextCursor']
    }
    const lost = ids.filter((id) => !seen.has(id) && !removed.has(id))
    assert.equal(ids.length, PEOPLE)
    assert.ok(removed.size > PEOPLE / 10)
    assert.deepEqual(lost, [])
  } finally {
    await it.close()
  }
})
