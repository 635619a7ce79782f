import assert from 'node:assert/strict'
import { request as httpsRequest } from 'node:https'
import { test } from 'node:test'
import { fakeClock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { ask, askHttp2, testGateway } from '../gateway.fixture.ts'
import { openInspectionShare, openTurns } from './guard-share.ts'
import { sampleFirewall } from './guard.fixture.ts'

test('policy 4.1-d: a network that used up its share of the rules’ time waits, and no other network with it', () => {
  const clock = fakeClock()
  const share = openInspectionShare(clock, () => 1000)
  share.add('a', 900)
  share.require('a')
  share.add('a', 600)
  assert.throws(
    () => share.require('a'),
    (error) =>
      error instanceof Problem && error.code === 'request.too-many' && error.retryAfterSeconds === 30,
  )
  share.require('b')
  clock.advanceSeconds(29)
  assert.ok(share.isOver('a'))
  clock.advanceSeconds(2)
  share.require('a')
})

test('policy 4.1-d: the shares of many networks take bounded memory', () => {
  const share = openInspectionShare(fakeClock(), () => 10, 2)
  for (const client of ['a', 'b', 'c']) share.add(client, 20)
  assert.deepEqual(
    ['a', 'b', 'c'].map((client) => share.isOver(client)),
    [false, true, true],
  )
})

test('policy 4.1-d: turns go round the networks, one in each round of the loop', async () => {
  const rounds: (() => void)[] = []
  const turns = openTurns((run) => void rounds.push(run))
  const order: string[] = []
  for (const client of ['a1', 'a2', 'a3', 'b1'])
    void turns(client.slice(0, 1)).then(() => void order.push(client))
  while (rounds.length > 0) {
    const before = order.length
    rounds.shift()?.()
    await Promise.resolve()
    assert.equal(order.length, before + 1)
  }
  assert.deepEqual(order, ['a1', 'b1', 'a2', 'a3'])
})

test('policy 4.1-d: over its share a network is answered 429, whatever it sends, until time has passed', async () => {
  const firewall = sampleFirewall()
  const limits = { inspectionMsPerRequest: 0, inspectionMsPerMinuteMin: 0.000_1 }
  const at = await testGateway(undefined, { firewall, limits })
  try {
    assert.equal((await ask(at, '/healthz')).status, 200)
    await firewall.reported('/healthz')
    for (const path of ['/healthz', '/hooks/x', '/api/sample/open']) {
      const refused = await ask(at, path)
      assert.equal(refused.status, 429, path)
      assert.ok(Number(refused.headers['retry-after']) >= 1)
    }
    const body = '{"a":1}'
    const posted = await askHttp2(at, { ':path': '/hooks/x', ':method': 'POST' }, body)
    assert.equal(posted.status, 429)
    // What the first request took is real time, and long on a busy machine.
    at.clock.advanceSeconds(86_400 * 3650)
    assert.equal((await ask(at, '/healthz')).status, 200)
  } finally {
    await at.close()
  }
})

test('policy 4.1-a: a client that leaves while its body is looked at gets nothing to the service', async () => {
  const firewall = sampleFirewall()
  let served = 0
  const at = await testGateway((_incoming, outgoing) => outgoing.end(String((served += 1))), { firewall })
  try {
    for (let count = 0; count < 20; count += 1) {
      const sent = httpsRequest({
        host: '127.0.0.1',
        port: at.port,
        ca: at.ca,
        servername: 'localhost',
        path: `/hooks/left-${count}`,
        method: 'POST',
        agent: false,
        headers: { host: `localhost:${at.port}`, 'content-length': '8000' },
      })
      sent.on('error', () => {})
      await new Promise<void>((resolve) => sent.write(`attack ${'x'.repeat(7993)}`, () => resolve()))
      sent.destroy()
    }
    assert.equal((await ask(at, '/hooks/after')).body, '1')
  } finally {
    await at.close()
  }
})
