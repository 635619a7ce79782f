import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import {
  callerOf,
  codeNow,
  contextOf,
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { upstreamCredential } from './credential.ts'
import { browse, CLIENT, lyingProvider, realProvider, type Lie, type Said } from './idp.fixture.ts'
import { isPublicAddress, isPublicUrl, publicLookup } from './public-address.ts'
import { assertionOf, openProviders } from './provider.ts'
import { CALLBACK_PATH } from './upstream.ts'

const REDIRECT = `https://localhost:8443${CALLBACK_PATH}`
const json = { 'content-type': 'application/json' }

suite('sign-in through a workspace’s identity provider', () => {
  let it: TestAccess
  let owner: TestPerson
  let person: TestPerson
  let idp: Awaited<ReturnType<typeof lyingProvider>>

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it, 'owner@sample.example')
    person = await invitedPerson(it, owner, 'robin@sample.example', 'agent')
    idp = await lyingProvider()
  })
  after(async () => {
    await idp.close()
    await it.close()
  })
  beforeEach(async () => {
    await it.db.deleteFrom('upstream_connection').execute()
    it.clock.advanceSeconds(60)
    await connect()
  })

  const fresh = async (who: TestPerson) => ({
    ...(await who.context()),
    caller: { ...(await who.context()).caller, provedAt: it.clock.now() },
  })
  const connect = async (more: object = {}) => {
    idp.says({ sub: 'robin' })
    const wish = {
      issuer: idp.issuer,
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      domains: ['sample.example'],
      twoFactors: [],
    }
    await it.access.upstream.setConnection(await fresh(owner), { ...wish, ...more })
  }
  const robin: Said = { sub: 'robin', email: 'robin@sample.example', email_verified: true }

  /** Comes back in the browser that holds these cookies. */
  const comeBack = async (search: string, cookie: string) => {
    const reply = await it.door.request(CALLBACK_PATH + search, { headers: { cookie } })
    const cookies = reply.headers.getSetCookie()
    const token = cookies
      .map((one) => /^__Host-surety=([^;]+)/.exec(one)?.[1])
      .find((one) => one !== undefined)
    return { status: reply.status, to: reply.headers.get('location') ?? '', cookies, token }
  }
  const start = async () => {
    const reply = await it.door.request('/api/access/upstream/start', {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ workspace: owner.workspace }),
    })
    const { location } = (await reply.json()) as { location: string }
    return {
      location,
      cookie: reply.headers.getSetCookie()[0]?.split(';')[0] ?? '',
      set: reply.headers.getSetCookie()[0] ?? '',
    }
  }
  const link = async (who: TestPerson, said: Said, lie: Lie = {}) => {
    idp.says(said, lie)
    const begun = await it.access.upstream.startLink(await fresh(who))
    return comeBack(idp.back(begun.location), `__Host-surety-upstream=${begun.browser}`)
  }
  const signIn = async (said: Said, lie: Lie = {}, more: Record<string, string> = {}) => {
    idp.says(said, lie)
    const { location, cookie } = await start()
    return comeBack(idp.back(location, more), cookie)
  }
  const refusals = async () =>
    it.db
      .selectFrom('audit_event')
      .select('id')
      .where('type', '=', 'sign-in.upstream-tried')
      .where('outcome', '=', 'refused')
      .execute()

  test('policy 3.1-0: with a real provider the way there and back is a first factor, and ours follows', async () => {
    const real = await realProvider(REDIRECT, robin)
    try {
      await connect({ issuer: real.issuer })
      const begun = await it.access.upstream.startLink(await fresh(person))
      const linked = await browse(begun.location, REDIRECT)
      assert.equal(
        (await comeBack(linked.search, `__Host-surety-upstream=${begun.browser}`)).to,
        '/console/account#upstream=linked',
      )
      const { location, cookie, set } = await start()
      assert.match(
        set,
        /^__Host-surety-upstream=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      )
      const asked = new URL(location).searchParams
      assert.equal(asked.get('scope'), 'openid email')
      assert.equal(asked.get('code_challenge_method'), 'S256')
      for (const name of ['state', 'nonce', 'code_challenge'])
        assert.match(asked.get(name) ?? '', /^[\w-]{43}$/)
      const returned = await browse(location, REDIRECT)
      const done = await comeBack(returned.search, cookie)
      assert.deepEqual([done.status, done.to], [303, '/console/sign-in'])
      const caller = await callerOf(it.access, done.token ?? '')
      assert.deepEqual([caller.id, caller.level, caller.factors], [person.id, 'password', ['upstream']])
      const full = await it.access.signIn.code(contextOf(caller), {
        code: codeNow(it.clock, person.secret),
        device: null,
      })
      assert.equal(full.level, 'full')
      // State and code again: the way was burned, and the session cookie came with strict rules of its own.
      assert.equal((await comeBack(returned.search, cookie)).to, '/console/sign-in#upstream=unknown-way')
      assert.ok(done.cookies.some((one) => /^__Host-surety=.*SameSite=Strict$/.test(one)))
    } finally {
      await real.close()
    }
  })

  test('policy 3.1-0: another browser, a late return and a state nobody gave out lead nowhere', async () => {
    await link(person, robin)
    idp.says(robin)
    const mine = await start()
    const other = await start()
    const search = idp.back(mine.location)
    assert.match((await comeBack(search, other.cookie)).to, /unknown-way$/)
    assert.match((await comeBack(search, '')).to, /unknown-way$/)
    it.clock.advanceSeconds(600)
    assert.match((await comeBack(search, mine.cookie)).to, /unknown-way$/)
    assert.match((await comeBack('?state=made-up&code=x', mine.cookie)).to, /unknown-way$/)
  })

  test('policy 3.1-0: a provider that lies about nonce, issuer, audience, time, key or algorithm lets nobody in', async () => {
    await link(person, robin)
    const now = Math.floor(Date.now() / 1000)
    const lies: Readonly<Record<string, Lie>> = {
      nonce: { claims: { nonce: 'another' } },
      'no nonce': { claims: { nonce: undefined } },
      issuer: { claims: { iss: 'https://elsewhere.example' } },
      audience: { claims: { aud: 'another-client' } },
      expired: { claims: { exp: now - 60 } },
      'algorithm none': { alg: 'none' },
      'another key': { alg: 'other-key' },
      nobody: { claims: { sub: '' } },
    }
    for (const [name, lie] of Object.entries(lies)) {
      const before = (await refusals()).length
      const { to, token } = await signIn(robin, lie)
      assert.deepEqual([name, to, token], [name, '/console/sign-in#upstream=answer', undefined])
      assert.equal((await refusals()).length, before + 1)
    }
    assert.equal((await signIn(robin, {}, { error: 'access_denied' })).to, '/console/sign-in#upstream=answer')
    assert.equal(
      (await signIn(robin, {}, { iss: 'https://elsewhere.example' })).to,
      '/console/sign-in#upstream=answer',
    )
    assert.equal((await signIn(robin)).to, '/console/sign-in')
  })

  test('policy 3.1-0: nobody is let in by an address: without an explicit link a verified e-mail opens nothing', async () => {
    assert.equal((await signIn(robin)).to, '/console/sign-in#upstream=not-linked')
    const taken: readonly (readonly [string, Said])[] = [
      ['unverified', { ...robin, email_verified: false }],
      ['verified in words', { ...robin, email_verified: 'true' }],
      ['silent', { sub: 'robin' }],
      ['of somebody else', { ...robin, email: 'owner@sample.example' }],
      ['not an address', { ...robin, email: 'robin@sample.example\u0000' }],
    ]
    for (const [name, said] of taken)
      assert.deepEqual([name, (await link(person, said)).to], [name, '/console/account#upstream=e-mail'])
    await connect({ domains: ['elsewhere.example'] })
    assert.equal((await link(person, robin)).to, '/console/account#upstream=e-mail')
    await connect()
    assert.equal((await link(person, robin)).to, '/console/account#upstream=linked')
    assert.equal(
      (await link(owner, { ...robin, email: 'owner@sample.example' })).to,
      '/console/account#upstream=taken',
    )
    assert.equal(
      (await it.messages()).some(({ kind, to }) => kind === 'upstream-linked' && to === person.email),
      true,
    )
  })

  test('policy 3.1-0: a link is for the session that began it: ended meanwhile, it links nothing', async () => {
    idp.says(robin)
    const begun = await it.access.signIn.password(contextOf(), {
      email: person.email,
      password: 'Sample-pass-2026',
      device: null,
    })
    it.clock.advanceSeconds(30)
    const second = await it.access.signIn.code(contextOf(await callerOf(it.access, begun.token)), {
      code: codeNow(it.clock, person.secret),
      device: null,
    })
    const caller = await callerOf(it.access, second.token)
    const way = await it.access.upstream.startLink(contextOf(caller))
    await it.access.endSessions(contextOf(caller), { only: caller.sessionId ?? '' })
    const { to } = await comeBack(idp.back(way.location), `__Host-surety-upstream=${way.browser}`)
    assert.equal(to, '/console/account#upstream=session')
  })

  test('policy 3.1-0: two factors are believed only where an owner said so, of people of that workspace alone', async () => {
    await link(person, robin)
    await link(owner, { sub: 'owner', email: 'owner@sample.example', email_verified: true })
    const strong = { ...robin, acr: 'phr', amr: ['pwd', 'mfa'] }
    assert.equal((await signIn(strong)).to, '/console/sign-in')
    await connect({ twoFactors: [{ claim: 'amr', value: 'mfa' }] })
    assert.equal((await signIn({ ...robin, amr: ['pwd'] })).to, '/console/sign-in')
    assert.equal((await signIn({ ...robin, acr: 'mfa' })).to, '/console/sign-in')
    assert.equal((await signIn(strong, { claims: { auth_time: 1 } })).to, '/console/sign-in#upstream=answer')
    const done = await signIn(strong)
    assert.equal(done.to, '/console/')
    const caller = await callerOf(it.access, done.token ?? '')
    assert.deepEqual(
      [caller.level, caller.factors, caller.provedAt],
      ['full', ['upstream', 'upstream-second'], null],
    )
    // The provider's staff, and people of several workspaces, prove their second factor here.
    assert.equal((await signIn({ ...strong, sub: 'owner' })).to, '/console/sign-in')
  })

  test('policy 3.2-c: a link ends with the person: disabled, removed, withdrawn or unlinked, and is refused when tried', async () => {
    await link(person, robin)
    const refused = '/console/sign-in#upstream=not-linked'
    await it.db
      .updateTable('account')
      .set({ disabled_at: it.clock.now() })
      .where('id', '=', person.id)
      .execute()
    assert.equal((await signIn(robin)).to, refused)
    await it.db.updateTable('account').set({ disabled_at: null }).where('id', '=', person.id).execute()
    assert.equal((await signIn(robin)).to, '/console/sign-in')
    const kind = upstreamCredential(it)
    const ended = await it.db
      .transaction()
      .execute((tx) => kind.end(tx, contextOf(), { account: person.id }, 'left'))
    assert.equal(ended.length, 1)
    assert.deepEqual(
      (await kind.tryAgain(ended)).map((one) => one.refused),
      [true],
    )
    assert.equal((await signIn(robin)).to, refused)
    await link(person, robin)
    const [one] = await it.access.upstream.links(await person.context())
    assert.deepEqual(await kind.tryAgain([one?.id ?? '']), [
      { id: one?.id, refused: false, saw: 'the link still opens the account' },
    ])
    await it.access.upstream.unlink(await person.context(), one?.id ?? '')
    assert.equal((await signIn(robin)).to, refused)
  })

  test('policy 3.2-0: only an owner sets the provider, another provider ends every link, and the secret is sealed', async () => {
    await link(person, robin)
    const admin = await invitedPerson(it, owner, 'admin@sample.example', 'admin')
    const wish = {
      issuer: idp.issuer,
      clientId: 'x',
      clientSecret: 'x'.repeat(20),
      domains: ['sample.example'],
      twoFactors: [],
    }
    await assert.rejects(async () => it.access.upstream.setConnection(await admin.context(), wish), {
      code: 'access.denied',
    })
    const kept = { issuer: idp.issuer, clientId: CLIENT.id, domains: ['sample.example'], twoFactors: [] }
    await it.access.upstream.setConnection(await owner.context(), kept)
    assert.equal((await signIn(robin)).to, '/console/sign-in')
    await assert.rejects(
      async () => it.access.upstream.setConnection(await owner.context(), { ...kept, clientId: 'other' }),
      { code: 'request.invalid' },
    )
    await connect({ clientId: 'other' })
    assert.equal(
      (await signIn(robin, { claims: { aud: 'other' } })).to,
      '/console/sign-in#upstream=not-linked',
    )
    const face = await it.access.upstream.connection(await owner.context())
    assert.equal(JSON.stringify(face).includes(CLIENT.secret), false)
    const row = await it.db
      .selectFrom('upstream_connection')
      .select('client_secret')
      .executeTakeFirstOrThrow()
    assert.equal(row.client_secret.includes(CLIENT.secret), false)
  })

  test('an issuer on a private address, without TLS or with another name for itself is refused', async () => {
    idp.says(robin, { metadata: { issuer: 'https://elsewhere.example' } })
    const open = openProviders({ privateIssuers: true, redirectUri: REDIRECT })
    const facts = { issuer: idp.issuer, clientId: 'x', clientSecret: 'y' }
    const unusable = { code: 'access.upstream-unusable' }
    await assert.rejects(open.probe(facts), unusable)
    const strict = openProviders({ privateIssuers: false, redirectUri: REDIRECT })
    for (const issuer of [
      idp.issuer,
      'https://127.0.0.1',
      'https://[::1]',
      'https://2130706433',
      'https://localhost',
      'https://10.0.0.1/x',
      'https://user:pass@example.org',
    ])
      await assert.rejects(strict.probe({ ...facts, issuer }), unusable, issuer)
    for (const address of [
      '127.0.0.1',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '::1',
      '::ffff:10.0.0.1',
      '::10.0.0.1',
      'fd00::1',
      'fe80::1%eth0',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '0.0.0.0',
      'x',
    ])
      assert.equal(isPublicAddress(address), false, address)
    for (const address of ['93.184.215.14', '2606:2800:21f:cb07::1'])
      assert.equal(isPublicAddress(address), true)
    assert.equal(isPublicUrl(new URL('https://login.example.org/x')), true)
    const error = await new Promise((resolve) => publicLookup('localhost', { all: true }, resolve))
    assert.match(String(error), /not public/)
  })

  test('claims of another type count as missing', () => {
    const said = assertionOf({
      sub: 'x',
      email: 5,
      email_verified: true,
      acr: ['a'],
      amr: ['a', 5],
      more: true,
    })
    assert.deepEqual(said, { subject: 'x', verifiedEmail: null, said: ['amr:a'] })
    assert.throws(() => assertionOf({ sub: 'x'.repeat(256) }))
    assert.throws(() => assertionOf({}))
  })
})
