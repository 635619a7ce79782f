import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import {
  connectWhatsApp,
  makeRule,
  post,
  startInboxUnderTest,
  textDelivery,
  type InboxUnderTest,
  type TestChannel,
} from '../test/inbox-under-test.ts'

interface Line {
  readonly id: string
  readonly status: string
  readonly assignee: string | null
  readonly waitingSince: string | null
  readonly windowClosesAt: string | null
  readonly contact: { readonly id: string; readonly name: string | null }
  readonly last: { readonly author: string; readonly preview: string | null } | null
}
interface Shown {
  readonly direction: string
  readonly author: string
  readonly text: string | null
  readonly status: string
  readonly gate: string | null
  readonly providerLabel: string | null
}

suite('the API of the inbox', () => {
  let t: InboxUnderTest
  let channel: TestChannel
  let n = 0

  const hear = async (from: string, text = 'a question'): Promise<void> => {
    await post(
      t,
      channel,
      textDelivery(channel, { id: `wamid.${n++}`, from, at: t.clock.now(), text, name: `Sample ${from}` }),
    )
    await t.settle()
  }
  const list = async (query = ''): Promise<Line[]> =>
    (await t.api('GET', `/inbox/conversations${query}`)).body['conversations'] as Line[]
  const newest = async (from: string): Promise<Line> => {
    const line = (await list('?limit=100')).find(({ contact }) => contact.name === `Sample ${from}`)
    assert.ok(line)
    return line
  }
  const read = async (id: string): Promise<Shown[]> =>
    (await t.api('GET', `/inbox/conversations/${id}`)).body['messages'] as Shown[]
  const reply = (id: string, text: string, key: string = randomUUID()) =>
    t.api('POST', `/inbox/conversations/${id}/reply`, { body: { text, key } })
  const events = async (
    type: string,
  ): Promise<{ target: { id: string } | null; actor: { id: string } }[]> => {
    await t.inbox.relay()
    return [...t.twin.events.values()].filter((event) => event.type === type)
  }

  before(async () => {
    t = await startInboxUnderTest()
    channel = await connectWhatsApp(t)
    await makeRule(t, {})
  })
  after(() => t.stop())

  test('policy 3.2-a: without identity, second factor, permission or workspace nothing is answered', async () => {
    for (const [method, path] of [
      ['GET', '/inbox/conversations'],
      ['GET', '/inbox/summary'],
      ['GET', '/inbox/stream'],
      ['GET', '/inbox/rules'],
      ['GET', '/inbox/channels'],
      ['POST', `/inbox/conversations/${randomUUID()}/reply`],
      ['DELETE', '/inbox/workspace'],
    ] as const) {
      const bare = await fetch(t.url + path, { method })
      assert.equal(bare.status, 401, path)
      assert.equal((await t.api(method, path, { permissions: [] })).status, 403, path)
      assert.equal((await t.api(method, path, { claims: { level: 'password' } })).status, 401, path)
      assert.equal((await t.api(method, path, { claims: { ws: null } })).status, 403, path)
    }
  })

  test('a refusal has the one shape, and repeats nothing that was sent', async () => {
    const { status, body } = await t.api('POST', '/inbox/rules', {
      body: { secretive: 'SENT-TEXT', name: 'SENT-TEXT' },
    })
    assert.equal(status, 422)
    assert.deepEqual(Object.keys(body).sort(), ['code', 'detail', 'requestId', 'status', 'title'])
    assert.ok(!JSON.stringify(body).includes('SENT-TEXT'))
    assert.equal((await t.api('GET', '/inbox/conversations?cursor=abc')).status, 422)
    assert.equal((await t.api('GET', '/inbox/nothing')).status, 404)
  })

  test('the list begins with who waits longest, and pages without gaps', async () => {
    for (const from of ['4910', '4911', '4912', '4913', '4914']) {
      await hear(from)
      t.clock.advance(60)
    }
    const names: (string | null)[] = []
    let cursor = ''
    for (;;) {
      const { body } = await t.api('GET', `/inbox/conversations?status=waiting&limit=2${cursor}`)
      names.push(...(body['conversations'] as Line[]).map(({ contact }) => contact.name))
      if (body['next'] === null) break
      cursor = `&cursor=${body['next'] as string}`
    }
    assert.deepEqual(
      names,
      ['4910', '4911', '4912', '4913', '4914'].map((from) => `Sample ${from}`),
    )
    const [first] = await list('?status=waiting')
    assert.equal(first?.last?.preview, 'a question')
    assert.equal(Date.parse(first?.windowClosesAt ?? '') - Date.parse(first?.waitingSince ?? ''), 86_400_000)
  })

  test('policy 8.1-c: reading a conversation is recorded with who and which', async () => {
    const { id } = await newest('4910')
    await read(id)
    const [event] = (await events('conversation.read')).filter(({ target }) => target?.id === id)
    assert.equal(event?.actor.id, 'account-1')
    assert.ok((await events('conversation.listed')).length > 0)
  })

  test('an answer goes out once however often it is sent, takes the conversation over and silences the rules', async () => {
    await hear('4920', 'hello')
    const { id } = await newest('4920')
    t.standIn.clear()
    const key = randomUUID()
    const replies = await Promise.all(Array.from({ length: 5 }, () => reply(id, 'Good morning', key)))
    assert.deepEqual([...new Set(replies.map(({ status }) => status))], [200])
    assert.equal((await reply(id, 'Another text', key)).status, 409)
    await t.settle()
    assert.deepEqual(
      t.standIn.received().map(({ text }) => text),
      ['Good morning'],
    )
    await hear('4920', 'hello')
    assert.equal(t.standIn.received().length, 1)
    const line = await newest('4920')
    assert.deepEqual([line.status, line.assignee], ['human', 'account-1'])
    const messages = await read(id)
    assert.deepEqual(
      messages.map(({ author, gate, providerLabel }) => [author, gate, providerLabel]),
      [
        ['contact', null, null],
        ['rule', 'allowed', 'delivered via local stand-in'],
        ['person', 'allowed', 'delivered via local stand-in'],
        ['contact', null, null],
      ],
    )
  })

  test('take over, release and close change who answers, once each', async () => {
    await hear('4930')
    const { id } = await newest('4930')
    for (const [act, status] of [
      ['takeover', 'human'],
      ['takeover', 'human'],
      ['release', 'bot'],
    ] as const) {
      assert.equal((await t.api('POST', `/inbox/conversations/${id}/${act}`)).status, 200)
      assert.equal((await newest('4930')).status, status)
    }
    assert.equal(
      (await events('conversation.taken-over')).filter(({ target }) => target?.id === id).length,
      1,
    )
    assert.equal((await t.api('POST', `/inbox/conversations/${id}/close`)).status, 200)
    assert.equal((await reply(id, 'too late')).status, 409)
    assert.equal((await t.api('POST', `/inbox/conversations/${id}/takeover`)).status, 409)
    assert.ok((await list('?status=closed')).some((line) => line.id === id))
    await hear('4930', 'again')
    assert.notEqual((await newest('4930')).id, id)
  })

  test('an answer sent just before closing still leaves', async () => {
    await hear('4931')
    const { id } = await newest('4931')
    t.standIn.clear()
    await reply(id, 'Goodbye')
    await t.api('POST', `/inbox/conversations/${id}/close`)
    await t.settle()
    assert.equal(t.standIn.received()[0]?.text, 'Goodbye')
  })

  test('outside the window an answer is refused with the remedy, and the refusal is on record', async () => {
    await hear('4940')
    const { id } = await newest('4940')
    t.clock.advance(86_400)
    const { status, body } = await reply(id, 'too late')
    assert.deepEqual([status, body['code'], body['gate']], [409, 'gate.refused', 'window-closed'])
    assert.match(String(body['detail']), /wait for them to write/)
    assert.ok((await events('gate.refused')).some(({ target }) => target?.id === id))
  })

  test('who wrote STOP may still be answered by a person inside the window', async () => {
    await hear('4950', 'stop')
    const { id } = await newest('4950')
    assert.equal((await reply(id, 'You are unsubscribed.')).status, 200)
  })

  test('a blocked contact is neither answered by rules nor by people', async () => {
    await hear('4960')
    const { id } = await newest('4960')
    await t.api('POST', `/inbox/conversations/${id}/block`, { body: { blocked: true } })
    t.standIn.clear()
    await hear('4960', 'hello')
    assert.equal(t.standIn.received().length, 0)
    assert.equal((await reply(id, 'no')).body['gate'], 'contact-blocked')
    await t.api('POST', `/inbox/conversations/${id}/block`, { body: { blocked: false } })
    assert.equal((await reply(id, 'yes')).status, 200)
  })

  test('another workspace finds nothing by any id, not even that it exists', async () => {
    await hear('4970')
    const { id } = await newest('4970')
    const rule = await makeRule(t, { words: ['other'] })
    const workspace = randomUUID()
    const { body: nowhere } = await t.api('GET', `/inbox/conversations/${randomUUID()}`)
    const wholeRule = { name: 'x', kind: 'keyword', words: ['x'], reply: 'x' }
    for (const [method, path, body] of [
      ['GET', `/inbox/conversations/${id}`, undefined],
      ['POST', `/inbox/conversations/${id}/reply`, { text: 'x', key: randomUUID() }],
      ['POST', `/inbox/conversations/${id}/takeover`, {}],
      ['POST', `/inbox/conversations/${id}/block`, { blocked: true }],
      ['PUT', `/inbox/rules/${rule}?version=1`, wholeRule],
      ['DELETE', `/inbox/rules/${rule}`, undefined],
      ['PUT', `/inbox/channels/${channel.id}`, { name: 'x' }],
      ['DELETE', `/inbox/channels/${channel.id}`, undefined],
      ['POST', '/inbox/rules', { ...wholeRule, channelId: channel.id }],
      ['POST', '/inbox/rules/preview', { channelId: channel.id, text: 'x' }],
    ] as const) {
      const asked = await t.api(method, path, { workspace, ...(body === undefined ? {} : { body }) })
      assert.deepEqual([asked.status, asked.body['code']], [404, nowhere['code']], path)
    }
    for (const path of ['/inbox/conversations', '/inbox/rules', '/inbox/channels'])
      assert.deepEqual(Object.values((await t.api('GET', path, { workspace })).body)[0], [])
  })

  test('the same number is indexed differently for two workspaces', async () => {
    const workspace = randomUUID()
    const other = await connectWhatsApp(t, { workspace })
    await post(t, other, textDelivery(other, { id: 'wamid.other', from: '4910', at: t.clock.now() }))
    await t.settle()
    const rows = await t.db.selectFrom('contact_identity').select(['workspace_id', 'value_index']).execute()
    const indexes = new Set(rows.map(({ value_index }) => value_index.toString('hex')))
    assert.equal(indexes.size, rows.length)
    assert.ok(rows.some(({ workspace_id }) => workspace_id === workspace))
  })

  test('secrets go in and never come out', async () => {
    const { body } = await t.api('GET', '/inbox/channels')
    const text = JSON.stringify(body)
    for (const secret of ['sample-app-secret', 'sample-verify-token', 'sample-access-token'])
      assert.ok(!text.includes(secret))
    const [first] = body['channels'] as { secrets: Record<string, { last4: string; fingerprint: string }> }[]
    assert.equal(first?.secrets['app_secret']?.last4, '6789')
    assert.match(first?.secrets['app_secret']?.fingerprint ?? '', /^[0-9a-f]{16}$/)
    const old = first?.secrets['app_secret']?.fingerprint
    const changed = await t.api('PUT', `/inbox/channels/${channel.id}`, {
      body: { appSecret: 'another-app-secret-4321' },
    })
    const secrets = changed.body['secrets'] as typeof first extends undefined
      ? never
      : Record<string, { fingerprint: string }>
    assert.notEqual(secrets['app_secret']?.fingerprint, old)
    const delivery = textDelivery(channel, { id: 'wamid.rot', from: '4910', at: t.clock.now() })
    assert.equal(await post(t, channel, delivery), 401)
    assert.equal(await post(t, { ...channel, appSecret: 'another-app-secret-4321' }, delivery), 200)
    await t.api('PUT', `/inbox/channels/${channel.id}`, { body: { appSecret: channel.appSecret } })
  })

  test('a rule shows in a preview whether it fires and why not; a change from an old copy is refused', async () => {
    const id = await makeRule(t, { words: ['price'], reply: 'It costs a sample.', priority: 5 })
    const preview = await t.api('POST', '/inbox/rules/preview', {
      body: { channelId: channel.id, text: 'what PRICE?' },
    })
    assert.equal(preview.body['reply'], 'It costs a sample.')
    const verdicts = preview.body['rules'] as { id: string; verdict: string }[]
    assert.equal(verdicts.find((one) => one.id === id)?.verdict, 'fires')
    assert.ok(verdicts.some(({ verdict }) => verdict === 'no-word'))
    const body = { name: 'n', kind: 'keyword', words: ['price'], reply: 'r', enabled: false }
    assert.equal((await t.api('PUT', `/inbox/rules/${id}?version=1`, { body })).status, 200)
    assert.equal((await t.api('PUT', `/inbox/rules/${id}?version=1`, { body })).status, 409)
    for (const bad of [
      { words: [] },
      { words: ['🎉'] },
      { kind: 'first-message' },
      { reply: ' ' },
      { priority: 0 },
    ])
      assert.equal((await t.api('POST', '/inbox/rules', { body: { ...body, ...bad } })).status, 422)
  })

  test('the summary counts, and a stream tells of changes in this workspace alone', async () => {
    const { body } = await t.api('GET', '/inbox/summary')
    assert.ok(Number(body['waiting']) > 0)
    assert.equal(typeof body['oldestWaitingSince'], 'string')
    const open = async (workspace: string) => {
      const identity = await t.twin.sign(
        { ws: workspace, permissions: ['conversation.read'] },
        { now: t.clock.now() },
      )
      const reply = await fetch(`${t.url}/inbox/stream`, { headers: { 'surety-identity': identity } })
      assert.match(reply.headers.get('content-type') ?? '', /^text\/event-stream/)
      return (reply.body ?? assert.fail()).pipeThrough(new TextDecoderStream()).getReader()
    }
    const [mine, foreign] = [await open(t.workspace), await open(randomUUID())]
    assert.match((await mine.read()).value ?? '', /retry/)
    assert.match((await foreign.read()).value ?? '', /retry/)
    const { id } = await newest('4910')
    await t.api('POST', `/inbox/conversations/${id}/takeover`)
    assert.match((await mine.read()).value ?? '', new RegExp(`event: change\ndata: {"conversation":"${id}"}`))
    let heard = false
    void foreign.read().then(({ done }) => (heard = !done))
    await t.api('POST', `/inbox/conversations/${id}/release`)
    await mine.read()
    assert.ok(!heard)
    await mine.cancel()
    await foreign.cancel()
  })

  test('a sample workspace is emptied on request, another one only when it was removed, and events survive', async () => {
    const workspace = randomUUID()
    const other = await connectWhatsApp(t, { workspace, phoneNumberId: '555555' })
    await post(t, other, textDelivery(other, { id: 'wamid.gone', from: '4910', at: t.clock.now() }))
    await t.settle()
    t.twin.tenants.push({ id: workspace, sample: false, state: 'active' })
    assert.equal((await t.api('DELETE', '/inbox/workspace', { workspace })).status, 403)
    await t.run('drop-removed-tenants')
    assert.equal(
      ((await t.api('GET', '/inbox/channels', { workspace })).body['channels'] as unknown[]).length,
      1,
    )
    t.twin.tenants = t.twin.tenants.map((one) => (one.id === workspace ? { ...one, state: 'removed' } : one))
    await t.run('drop-removed-tenants')
    assert.equal(
      ((await t.api('GET', '/inbox/channels', { workspace })).body['channels'] as unknown[]).length,
      0,
    )
    assert.equal((await t.api('DELETE', '/inbox/workspace')).status, 200)
    for (const table of [
      'channel',
      'contact',
      'contact_identity',
      'conversation',
      'message',
      'inbound',
      'rule',
      'consent',
      'visitor',
    ] as const) {
      const rows = await t.db
        .selectFrom(table)
        .select('workspace_id')
        .where('workspace_id', 'in', [workspace, t.workspace])
        .execute()
      assert.equal(rows.length, 0, table)
    }
    assert.equal((await events('contact.workspace-purged')).length, 2)
  })
})
