import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { after, before, beforeEach, describe, test } from 'node:test'
import { ask, testGateway, type Reply, type TestGateway } from '../gateway.fixture.ts'
import { openSignedWays } from './guard-signed.ts'
import { sampleFirewall } from './guard.fixture.ts'

const SECRET = 'sample-secret-of-a-channel'
const sign = (body: string, secret = SECRET): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

describe('deliveries that a provider signed', () => {
  let at: TestGateway
  let bodies: string[] = []
  const firewall = sampleFirewall()
  const attack = '{"text":"this is an attack"}'

  before(async () => {
    at = await testGateway(
      (incoming, outgoing) => {
        let body = ''
        incoming.on('data', (part: Buffer) => (body += part.toString()))
        incoming.on('end', () => {
          bodies.push(body)
          outgoing.end()
        })
      },
      { firewall },
    )
    assert.equal((await tell({ hooks: [way('/hooks/meta/1')] })).status, 200)
  })
  beforeEach(() => {
    bodies = []
    firewall.seen.length = 0
  })
  after(() => at.close())

  const way = (path: string, secrets = [SECRET]) => ({
    path,
    header: 'x-hub-signature-256',
    scheme: 'hmac-sha256',
    prefix: 'sha256=',
    secrets,
  })
  const tell = async (body: unknown): Promise<Reply> => {
    const token = (await readFile(join(at.folder, 'keys', 'service.token'), 'utf8')).trim()
    return ask(at, '/v1/signed-hooks', {
      socketPath: join(at.folder, 'run', 's.sock'),
      method: 'POST',
      headers: { host: 'surety', authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }
  const deliver = (path: string, body: string, signature?: string): Promise<Reply> =>
    ask(at, path, {
      method: 'POST',
      body,
      headers: signature === undefined ? {} : { 'x-hub-signature-256': signature },
    })

  test('what a customer wrote arrives with the signature of the provider, and is stopped without', async () => {
    assert.equal((await deliver('/hooks/meta/1', attack, sign(attack))).status, 200)
    assert.deepEqual(bodies, [attack])
    assert.equal((await deliver('/hooks/meta/1', attack)).status, 403)
    assert.deepEqual(bodies, [attack])
  })

  test('hostile: no other signature, way, method or query is taken for a signed one', async () => {
    const right = sign(attack)
    const tries: readonly (readonly [string, string])[] = [
      ['/hooks/meta/1', sign(attack, 'another-secret-of-nobody')],
      ['/hooks/meta/1', sign(`${attack} `)],
      ['/hooks/meta/1', right.toUpperCase()],
      ['/hooks/meta/1', right.slice(7)],
      ['/hooks/meta/1', `${right}, ${right}`],
      ['/hooks/meta/1', `${right}0`],
      ['/hooks/meta/1', 'sha256='],
      ['/hooks/meta/2', right],
      ['/hooks/meta/1?more=1', right],
      ['/hooks/meta/1/', right],
    ]
    for (const [path, signature] of tries) {
      const { status } = await deliver(path, attack, signature)
      assert.equal(status, 403, `${path} ${signature}`)
    }
    const put = await ask(at, '/hooks/meta/1', {
      method: 'PUT',
      body: attack,
      headers: { 'x-hub-signature-256': right },
    })
    assert.equal(put.status, 403)
    assert.deepEqual(bodies, [])
  })

  test('a way is replaced with its secret, and gone when the service says so', async () => {
    const secrets = ['first-secret-of-this-channel', 'second-secret-of-this-channel']
    await tell({ hooks: [way('/hooks/meta/3', secrets)] })
    for (const secret of secrets)
      assert.equal((await deliver('/hooks/meta/3', attack, sign(attack, secret))).status, 200)
    await tell({ hooks: [way('/hooks/meta/3', secrets.slice(1))] })
    assert.equal((await deliver('/hooks/meta/3', attack, sign(attack, secrets[0]))).status, 403)
    const reply = await tell({ gone: ['/hooks/meta/3'] })
    assert.equal((await deliver('/hooks/meta/3', attack, sign(attack, secrets[1]))).status, 403)
    const { epoch, ways } = JSON.parse(reply.body) as { epoch: string; ways: number }
    assert.match(epoch, /^[0-9a-f-]{36}$/)
    assert.equal(ways, 1)
  })

  test('secrets are held as keys: nothing that is shown or logged holds them', async () => {
    const ways = openSignedWays()
    ways.put([{ ...way('/hooks/x'), scheme: 'hmac-sha256' }])
    assert.doesNotMatch(inspect(ways, { depth: 10, showHidden: true }), /sample-secret/)
    assert.doesNotMatch(JSON.stringify(at.lines), /sample-secret/)
    assert.equal((await tell({ hooks: [{ ...way('/hooks/x'), scheme: 'none' }] })).status, 422)
    assert.doesNotMatch((await tell({ hooks: [way('/hooks/x', ['short'])] })).body, /short/)
  })
})
