import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, testGateway } from './gateway/gateway.fixture.ts'
import { openLoopback } from './loopback.ts'

test('policy 4.3-a.1: the tries of checks use up nothing of what people at this machine may try', async (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux answers on all of 127.0.0.0/8')
  const at = await testGateway()
  try {
    const where = { host: '127.0.0.1', port: at.port, name: 'localhost', ca: at.ca }
    const headers = { 'content-type': 'application/json' }
    const attempt = { method: 'POST', headers, body: '{"password":"sample"}' }
    const loopback = openLoopback(() => where)
    for (let tries = 0; tries < 40; tries += 1)
      assert.equal((await loopback.request('/api/sample/sign-in', attempt)).status, 200)
    assert.equal((await ask(at, '/api/sample/sign-in', attempt)).status, 200)
  } finally {
    await at.close()
  }
})
