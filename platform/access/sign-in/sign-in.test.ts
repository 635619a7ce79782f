import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { bcryptCost } from '../parameters.ts'
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

suite('signing in', () => {
  let it: TestAccess
  let person: TestPerson

  before(async () => {
    it = await testAccess()
    person = await firstPerson(it)
  })
  after(() => it.close())

  const password = (email = person.email, tried = GOOD_PASSWORD) =>
    it.access.signIn.password(contextOf(), { email, password: tried, device: null })

  test('policy 3.1-0: a password alone reaches nothing but the second step', async () => {
    const begun = await password()
    assert.equal(begun.level, 'password')
    const cookie = { cookie: `__Host-surety=${begun.token}` }
    for (const path of ['/api/access/sessions', '/api/access/factors', '/api/people', '/api/api-keys']) {
      const answer = await it.door.request(path, { headers: cookie })
      assert.equal(answer.status, 401, path)
      assert.equal(((await answer.json()) as { code: string }).code, 'access.factor-needed')
    }
    const me = (await (await it.door.request('/api/access/me', { headers: cookie })).json()) as object
    assert.deepEqual(me, {
      level: 'password',
      account: null,
      workspaces: [],
      workspace: null,
      role: null,
      staffRole: null,
      permissions: [],
    })
  })

  test('policy 3.1-0: knowing the password does not let anybody enrol another factor', async () => {
    const begun = await password()
    const context = contextOf(await callerOf(it.access, begun.token))
    await assert.rejects(async () => it.access.factors.enrol(context, 'stranger'), {
      code: 'resource.conflict',
    })
    await assert.rejects(async () => it.access.factors.add(context, { label: 'stranger', code: '123456' }), {
      code: 'access.factor-needed',
    })
  })

  test('policy 3.1-a: both factors give a full session under a new token, and the old token is worthless', async () => {
    const begun = await password()
    it.clock.advanceSeconds(30)
    const done = await it.access.signIn.code(contextOf(await callerOf(it.access, begun.token)), {
      code: codeNow(it.clock, person.secret),
      device: null,
    })
    assert.equal(done.level, 'full')
    assert.notEqual(done.token, begun.token)
    assert.equal((await callerOf(it.access, begun.token)).kind, 'anonymous')
    assert.equal((await callerOf(it.access, done.token)).level, 'full')
  })

  test('policy 3.1-a: a code is good once, at sign-in and at step-up alike', async () => {
    it.clock.advanceSeconds(30)
    const code = codeNow(it.clock, person.secret)
    const first = await password()
    await it.access.signIn.code(contextOf(await callerOf(it.access, first.token)), { code, device: null })
    const second = await password()
    const again = contextOf(await callerOf(it.access, second.token))
    await assert.rejects(it.access.signIn.code(again, { code, device: null }), {
      code: 'access.code-refused',
    })
    await assert.rejects(it.access.factors.newRecoveryCodes(await person.context(), code), {
      code: 'access.code-refused',
    })
  })

  test('policy 3.1-a: of fifty copies of one code at once, one is accepted', async () => {
    const other = await testAccess({ 'lockout.failures': 10 })
    try {
      const owner = await firstPerson(other)
      const context = await owner.context()
      const code = codeNow(other.clock, owner.secret)
      const results = await Promise.allSettled(
        Array.from({ length: 50 }, () => other.access.factors.newRecoveryCodes(context, code)),
      )
      assert.equal(results.filter((one) => one.status === 'fulfilled').length, 1)
    } finally {
      await other.close()
    }
  })

  test('policy 3.1-a: a recovery code stands in for the second factor, once', async () => {
    const [code = ''] = person.recoveryCodes
    const first = await password()
    const typed = code.toLowerCase().replaceAll('-', ' ')
    const done = await it.access.signIn.code(contextOf(await callerOf(it.access, first.token)), {
      code: typed,
      device: null,
    })
    assert.equal(done.level, 'full')
    const second = await password()
    await assert.rejects(
      it.access.signIn.code(contextOf(await callerOf(it.access, second.token)), { code, device: null }),
      { code: 'access.code-refused' },
    )
  })

  test('policy 3.3-b: an older, cheaper hash is made anew at the next sign-in', async () => {
    const before = await it.db.selectFrom('account').select('password_hash').executeTakeFirstOrThrow()
    assert.match(before.password_hash, /^\$2b\$04\$/)
    const stronger = await testAccess({ [bcryptCost.name]: 5 })
    try {
      const owner = await firstPerson(stronger)
      const cheap = await stronger.hasher.hash(GOOD_PASSWORD, 4)
      await stronger.db.updateTable('account').set(cheap).execute()
      await stronger.access.signIn.password(contextOf(), {
        email: owner.email,
        password: GOOD_PASSWORD,
        device: null,
      })
      await stronger.access.passwords.settled()
      const after = await stronger.db.selectFrom('account').select('password_hash').executeTakeFirstOrThrow()
      assert.match(after.password_hash, /^\$2b\$05\$/)
    } finally {
      await stronger.close()
    }
  })

  test('policy 8.1-b: every attempt leaves an event, refused ones too', async () => {
    const count = async (): Promise<Record<string, number>> => {
      const rows = await it.db
        .selectFrom('audit_event')
        .select(({ fn }) => ['outcome', fn.countAll<number>().as('events')])
        .where('type', '=', 'sign-in.password-tried')
        .groupBy('outcome')
        .execute()
      return Object.fromEntries(rows.map((row) => [row.outcome, row.events]))
    }
    const before = await count()
    await password()
    await assert.rejects(password(person.email, 'Wrong-pass-2026'), { code: 'access.refused' })
    await assert.rejects(password('nobody@example.org'), { code: 'access.refused' })
    const now = await count()
    assert.equal((now['success'] ?? 0) - (before['success'] ?? 0), 1)
    assert.equal((now['refused'] ?? 0) - (before['refused'] ?? 0), 2)
  })

  test('policy 2.2-a: neither address, name, secret, token nor recovery code lies readable in a table', async () => {
    const dump: string[] = []
    for (const table of [
      'account',
      'session',
      'totp_factor',
      'recovery_code',
      'device',
      'link',
      'audit_event',
    ] as const) {
      for (const row of await it.db.selectFrom(table).selectAll().execute())
        for (const value of Object.values(row as Record<string, unknown>))
          dump.push(Buffer.isBuffer(value) ? value.toString('latin1') : String(value))
    }
    const text = dump.join('\n')
    for (const secret of [
      person.email,
      'Sample First',
      person.secret,
      person.token,
      '192.0.2.7',
      ...person.recoveryCodes,
    ])
      assert.equal(text.includes(secret), false)
  })
})
