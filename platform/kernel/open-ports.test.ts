import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import { openPorts, strangePorts } from './open-ports.ts'

async function listenOn(context: TestContext, host: string): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  context.after(() => server.close())
  return (server.address() as AddressInfo).port
}

suite('open ports', () => {
  test('policy 2.1-0: a port of this process is seen with its address, of either family', async (context) => {
    const four = await listenOn(context, '127.0.0.1')
    const six = await listenOn(context, '::1')
    const seen = await openPorts(process.pid)
    if (seen === null) return context.skip('this system does not list its ports')
    assert.ok(seen.some((one) => one.port === four && one.address === '127.0.0.1'))
    assert.ok(seen.some((one) => one.port === six && one.address === '::1'))
  })

  test('policy 2.1-0: a port of a child of a child is seen', async (context) => {
    if ((await openPorts(process.pid)) === null) return context.skip('this system does not list its ports')
    const listens =
      "require('node:net').createServer().listen(0, '127.0.0.1', function () { process.send(this.address().port) })"
    const passes =
      "require('node:child_process').fork(process.argv[1]).on('message', (port) => process.send(port))"
    const { mkdtemp, rm, writeFile } = await import('node:fs/promises')
    const { join } = await import('node:path')
    const { tmpdir } = await import('node:os')
    const folder = await mkdtemp(join(tmpdir(), 'surety-ports-'))
    context.after(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'listens.cjs'), listens)
    await writeFile(
      join(folder, 'passes.cjs'),
      `${passes.replace('process.argv[1]', JSON.stringify(join(folder, 'listens.cjs')))}
       process.on('disconnect', () => process.exit())`,
    )
    await writeFile(join(folder, 'listens.cjs'), `${listens}\nprocess.on('disconnect', () => process.exit())`)
    const child = fork(join(folder, 'passes.cjs'))
    context.after(() => child.disconnect())
    const [port] = (await once(child, 'message')) as [number]
    const seen = (await openPorts(process.pid)) ?? []
    assert.ok(seen.some((one) => one.port === port && one.processId !== process.pid))
  })

  test('policy 2.1-0: what the network reaches is strange unless it is known by address and port', () => {
    const port = (address: string, number: number) => ({ processId: 1, address, port: number })
    const ports = [
      port('127.0.0.1', 5000),
      port('::1', 5000),
      port('0.0.0.0', 8443),
      port('0.0.0.0', 9000),
      port('10.0.0.7', 8443),
      port('::', 22),
    ]
    assert.deepEqual(
      strangePorts(ports, [{ host: '0.0.0.0', port: 8443 }]).map((one) => `${one.address} ${one.port}`),
      ['0.0.0.0 9000', '10.0.0.7 8443', ':: 22'],
    )
  })
})
