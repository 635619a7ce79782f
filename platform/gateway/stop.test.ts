import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import type { ServerResponse } from 'node:http'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:net'
import { test } from 'node:test'
import { silentLog } from '../kernel/log.ts'
import { policyWith } from '../kernel/parameter.ts'
import { noFirewall } from './firewall/firewall.ts'
import { startGateway } from './start.ts'
import { ask, sampleAccess, testConfig, testGateway } from './gateway.fixture.ts'
import { publishedValues } from './policy.fixture.ts'

function refusedAt(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve('accepted'))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
  })
}

test('a stop lets requests under way end, takes no new ones, and cuts what has no end', async () => {
  let open: ServerResponse | undefined
  let opened = (): void => {}
  const reached = new Promise<void>((resolve) => {
    opened = resolve
  })
  const at = await testGateway((incoming, outgoing) => {
    if (incoming.url === '/hooks/events') {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: x\n\n')
      return
    }
    open = outgoing
    opened()
  })
  const session = connectHttp2(`https://localhost:${at.port}`, { ca: at.ca })
  session.on('error', () => {})
  const stream = session.request({ ':path': '/hooks/events' })
  stream.on('error', () => {})
  await once(stream, 'data')
  const slow = ask(at, '/hooks/slow')
  await reached
  const closing = at.close()
  await once(stream, 'close')
  assert.equal(await refusedAt(at.port), 'ECONNREFUSED')
  open?.end('whole')
  assert.equal((await slow).body, 'whole')
  await closing
  assert.equal(await refusedAt(at.gateway.addresses.http.port), 'ECONNREFUSED')
})

test('a request that does not end is cut once the time is over', async () => {
  let opened = (): void => {}
  const reached = new Promise<void>((resolve) => {
    opened = resolve
  })
  const at = await testGateway(() => opened())
  const hung = ask(at, '/hooks/hung')
  const cut = assert.rejects(hung)
  await reached
  await at.close()
  await cut
})

test('a start that fails half-way leaves nothing listening', async () => {
  const at = await testGateway()
  const config = { ...testConfig(at.folder), SURETY_HTTP_PORT: at.gateway.addresses.http.port }
  const starting = startGateway({
    config,
    clock: at.clock,
    policy: policyWith(publishedValues),
    log: silentLog,
    access: sampleAccess(),
    record: async () => {},
    routes: [],
    readiness: [],
    upstream: new URL('http://127.0.0.1:9'),
    firewall: noFirewall,
    consoleFolder: join(at.folder, 'none'),
    serviceSocket: join(at.folder, 'run', 's2.sock'),
    operatorSocket: join(at.folder, 'run', 'o2.sock'),
  })
  await assert.rejects(starting, { code: 'EADDRINUSE' })
  await assert.rejects(stat(join(at.folder, 'run', 's2.sock')), { code: 'ENOENT' })
  await at.close()
})

test('a second process is told that the first still answers at its socket', async () => {
  const at = await testGateway()
  const starting = startGateway({
    config: testConfig(at.folder),
    clock: at.clock,
    policy: policyWith(publishedValues),
    log: silentLog,
    access: sampleAccess(),
    record: async () => {},
    routes: [],
    readiness: [],
    upstream: new URL('http://127.0.0.1:9'),
    firewall: noFirewall,
    consoleFolder: join(at.folder, 'none'),
    serviceSocket: join(at.folder, 'run', 's.sock'),
    operatorSocket: join(at.folder, 'run', 'o.sock'),
  })
  await assert.rejects(starting, /another process answers/)
  assert.equal((await ask(at, '/healthz')).status, 200)
  await at.close()
})
