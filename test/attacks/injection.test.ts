import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { ATTACK_CLASSES, requestsWith } from '../../platform/application/attack-classes.ts'
import { withBait } from '../../platform/application/bait.ts'
import { sendProbe } from '../../platform/application/send.ts'
import type { ProbeAnswer } from '../../platform/gateway/index.ts'
import { ask, openWorkplace, proofOf, taken, type Workplace } from '../drills/workplace.ts'

type Running = Workplace & { stop(): Promise<void> }
type Counts = { readonly answered: number; readonly logged: number; readonly missing: number }

suite('injection into the whole system', () => {
  let at: Running
  before(async () => {
    at = await openWorkplace()
  })
  after(() => at.stop())

  const target = () => ({
    address: '127.0.0.1',
    port: at.system.httpsPort,
    name: 'localhost',
    ca: at.system.ca,
  })
  const code = (answer: { text(): string }): string => (JSON.parse(answer.text()) as { code: string }).code

  for (const kind of ATTACK_CLASSES)
    test(`policy 5.3-b: ${kind.name} through every place where strangers can put a value does nothing`, () =>
      withBait(async (bait, was) => {
        for (const payload of kind.payloads(bait))
          for (const request of requestsWith(payload)) {
            const answer: ProbeAnswer = await sendProbe(target(), request)
            const place = `${request.method} ${request.path}`
            assert.ok(answer.status < 500 && answer.status > 0, `${place}: ${answer.status}`)
            assert.equal(kind.fault(answer, payload), null, place)
          }
        assert.deepEqual(await was(), { file: false, address: false })
      }))

  test('policy 5.3-b: markup that somebody stored comes back as text, in JSON that no browser takes for a page', async () => {
    const { cookie } = at.administrator
    const markup = '<i>sample</i> & "quoted"'
    const rule = { name: markup, kind: 'first-message', reply: 'Sample reply.' }
    await taken(ask(at.system, cookie, 'POST /inbox/rules', rule))
    const listed = await ask(at.system, cookie, 'GET /inbox/rules')
    assert.ok(listed.text().includes(JSON.stringify(markup)))
    assert.match(String(listed.headers['content-type']), /^application\/json/)
    assert.equal(listed.headers['x-content-type-options'], 'nosniff')
    assert.match(String(listed.headers['content-security-policy']), /script-src 'self'/)
  })

  test('policy 5.3-b: the stored name of an application is text on the page where people sign in', async () => {
    const { cookie } = at.administrator
    const name = '<b>sample</b>"'
    const back = 'https://app.example/back'
    const wish = {
      name,
      redirectUris: [back],
      logoutRedirectUris: [],
      grantTypes: ['authorization_code'],
      authMethod: 'none',
      scopes: ['openid'],
      expiresInDays: 1,
    }
    const made = (await taken(ask(at.system, cookie, 'POST /api/clients', wish))).json() as {
      readonly id: string
    }
    const cookies = new Map<string, string>()
    const open = async (path: string) => {
      const sent = [...cookies].map(([one, value]) => `${one}=${value}`).join('; ')
      const answer = await at.system.request(path, { headers: { cookie: sent, accept: 'text/html' } })
      for (const line of answer.headers['set-cookie'] ?? []) {
        const [one = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s)
        cookies.set(one, value)
      }
      return answer
    }
    const query = new URLSearchParams({
      client_id: made.id,
      redirect_uri: back,
      response_type: 'code',
      scope: 'openid',
      state: 'sample',
      code_challenge: randomBytes(32).toString('base64url'),
      code_challenge_method: 'S256',
    })
    const begun = await open(`/oauth/auth?${query.toString()}`)
    const place = new URL(String(begun.headers.location), at.system.origin).pathname
    await open(place)
    const page = await open(`${place}/go`)
    assert.equal(page.status, 200, page.text())
    assert.ok(page.text().includes('&lt;b&gt;sample&lt;/b&gt;&quot;'), page.text())
    assert.ok(!page.text().includes('<b>sample'))
  })

  test('policy 5.3-b: a session’s cookie alone changes nothing; its page’s proof must come along', async () => {
    const { cookie } = at.administrator
    const send = (headers: Record<string, string>) =>
      at.system.request('/api/access/sign-out', {
        method: 'POST',
        headers: { cookie, origin: at.system.origin, 'sec-fetch-site': 'same-origin', ...headers },
        body: {},
      })
    for (const headers of [
      {},
      { 'surety-form': '' },
      { 'surety-form': randomBytes(32).toString('base64url') },
      { ...proofOf(cookie), origin: 'https://elsewhere.example' },
      { ...proofOf(cookie), 'sec-fetch-site': 'cross-site' },
    ]) {
      const refused = await send(headers)
      assert.deepEqual([refused.status, code(refused)], [403, 'request.cross-site'], JSON.stringify(headers))
    }
    assert.equal((await ask(at.system, cookie, 'GET /api/access/sessions')).status, 200)
  })

  test('policy 4.3-a.3: everybody can read what the API takes, and it is what runs', async () => {
    const answer = await taken(at.system.request('/api/openapi.json'))
    const { paths } = answer.json() as { readonly paths: Readonly<Record<string, object>> }
    for (const path of [
      '/api/access/sign-in',
      '/api/gateway/completeness',
      '/trust/clauses/{id}',
      '/oauth/token',
    ])
      assert.ok(path in paths, path)
    assert.ok(Object.keys(paths).length > 120)
  })

  test('policy 4.3-a.4: whoever may see the gateway sees that no line and no event is missing', async () => {
    const answer = await taken(ask(at.system, at.administrator.cookie, 'GET /api/gateway/completeness'))
    const seen = answer.json() as {
      readonly requests: Counts
      readonly events: { readonly missingAt: readonly string[] }
      readonly complete: boolean
    }
    assert.deepEqual([seen.complete, seen.events.missingAt], [true, []], answer.text())
    assert.ok(seen.requests.answered > 100)
    const stranger = await at.system.request('/api/gateway/completeness')
    assert.equal(stranger.status, 401)
  })
})
