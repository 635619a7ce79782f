import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { suite, test, type TestContext } from 'node:test'
import { freePort } from '../../launch/free-port.ts'
import { fakeClock, systemClock } from '../kernel/clock.ts'
import { acmeCertificates } from './acme-certificates.ts'
import { openChallenges, orderCertificate } from './acme.ts'
import { openCertificates, type CertificatePair } from './certificates.ts'
import { issueCertificate } from './issue-certificate.ts'
import { gatewayLimits } from './limits.ts'
import { openRedirect } from './redirect.ts'

const DAY = 86_400

async function folderFor(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-acme-'))
  context.after(() => rm(folder, { recursive: true }))
  return folder
}

function certificate(name: string, from: Date, until: Date): CertificatePair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const order = { subject: name, issuer: name, key: privateKey, names: [name], authority: false }
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { cert: issueCertificate({ ...order, from, until }, privateKey), key }
}

/** The plain port, which answers the challenges that are put there. */
async function plainPort(context: TestContext) {
  const challenges = openChallenges()
  const redirect = openRedirect({
    origin: () => 'https://localhost',
    limits: gatewayLimits,
    challengeAt: challenges.answerAt,
  })
  const { port } = await redirect.listen('127.0.0.1', 0)
  context.after(() => redirect.stop())
  return { challenges, port }
}

/** The test authority of Let's Encrypt, from the distribution; null where it is not installed. */
async function startPebble(context: TestContext, folder: string, httpPort: number) {
  try {
    execFileSync('pebble', ['-version'], { stdio: 'ignore' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
  }
  const now = systemClock.now().getTime()
  const own = certificate('localhost', new Date(now - 3_600_000), new Date(now + 3_600_000))
  const file = (name: string): string => join(folder, name)
  await writeFile(file('pebble.pem'), own.cert)
  await writeFile(file('pebble.key'), own.key)
  const port = await freePort()
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${await freePort()}`,
    certificate: file('pebble.pem'),
    privateKey: file('pebble.key'),
    httpPort,
    tlsPort: 1,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
  }
  await writeFile(file('pebble.json'), JSON.stringify({ pebble }))
  const child = spawn('pebble', ['-config', file('pebble.json')], {
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
    stdio: 'ignore',
  })
  context.after(() => child.kill())
  await answering(port, own.cert)
  return { directory: `https://localhost:${port}/dir`, authorityFile: file('pebble.pem') }
}

async function answering(port: number, ca: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const done = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca }, () => resolve(true))
      socket.on('error', () => resolve(false))
      socket.on('secureConnect', () => socket.destroy())
    })
    if (done) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the test authority does not answer')
}

suite('a certificate that is ordered', () => {
  test('a real ACME authority issues one after its challenge at the plain port, and the next order uses the same account', async (context) => {
    const folder = await folderFor(context)
    const { challenges, port } = await plainPort(context)
    const authority = await startPebble(context, folder, port)
    if (authority === null) return context.skip('the command pebble is not there')
    const account = { ...authority, contact: '', binding: '' }
    const place = { keysFolder: folder, name: 'localhost', challenges }
    const first = await orderCertificate(account, place)
    const cert = new X509Certificate(first.cert)
    assert.equal(cert.checkHost('localhost'), 'localhost')
    assert.match(cert.issuer, /Pebble Intermediate CA/)
    assert.match(first.cert, /END CERTIFICATE-----\s+-----BEGIN CERTIFICATE/, 'the chain is complete')
    const key = await readFile(join(folder, 'acme-account.key'), 'utf8')
    const second = await orderCertificate(account, place)
    assert.notEqual(second.cert, first.cert)
    assert.equal(await readFile(join(folder, 'acme-account.key'), 'utf8'), key)
    assert.equal(challenges.answerAt('/.well-known/acme-challenge/x'), null)
  })

  test('policy 2.1-0: the plain port answers an open challenge and redirects everything else', async (context) => {
    const { challenges, port } = await plainPort(context)
    challenges.put('token', 'token.thumbprint')
    const ask = (path: string, method = 'GET') =>
      fetch(`http://127.0.0.1:${port}${path}`, { method, redirect: 'manual' })
    const answer = await ask('/.well-known/acme-challenge/token')
    assert.equal(answer.status, 200)
    assert.equal(await answer.text(), 'token.thumbprint')
    for (const path of ['/.well-known/acme-challenge/', '/.well-known/acme-challenge/other', '/token'])
      assert.equal((await ask(path)).status, 308, path)
    assert.equal((await ask('/.well-known/acme-challenge/token', 'POST')).status, 308)
    challenges.drop('token')
    assert.equal((await ask('/.well-known/acme-challenge/token')).status, 308)
  })

  test('the local one is shown until it arrives, it is ordered again after two thirds of its time, and a refusal waits an hour', async (context) => {
    const keysFolder = await folderFor(context)
    const clock = fakeClock(new Date('2026-11-22T12:00:00Z'))
    const place = { clock, keysFolder, host: 'localhost' }
    const none = { ownCertFile: '', ownKeyFile: '', revocationsUrl: '', ordering: null }
    const local = await openCertificates({ ...place, ...none })
    let orders = 0
    let refuses = true
    const order = async (): Promise<CertificatePair> => {
      orders += 1
      if (refuses) throw new Error('refused')
      return certificate('localhost', clock.now(), new Date(clock.now().getTime() + 90 * DAY * 1000))
    }
    const shown = await acmeCertificates(place, { order, authorityFile: '' }, local)
    assert.equal(shown.current().cert, local.current().cert)
    assert.equal(shown.authority(), local.authority())
    await assert.rejects(shown.refresh(), /refused/)
    assert.equal(await shown.refresh(), false)
    assert.equal(orders, 1)
    refuses = false
    clock.advanceSeconds(3600)
    assert.equal(await shown.refresh(), true)
    const first = shown.current().cert
    assert.notEqual(first, local.current().cert)
    assert.equal(shown.authority(), null)
    clock.advanceSeconds(59 * DAY)
    assert.equal(await shown.refresh(), false)
    clock.advanceSeconds(2 * DAY)
    assert.equal(await shown.refresh(), true)
    assert.notEqual(shown.current().cert, first)
    assert.equal(orders, 3)
    const again = await acmeCertificates(place, { order, authorityFile: '' }, local)
    assert.equal(again.current().cert, shown.current().cert, 'a new start uses the one that was stored')
    refuses = true
    clock.advanceSeconds(91 * DAY)
    await assert.rejects(shown.refresh(), /refused/)
    assert.equal(await shown.refresh(), true, 'an ended one is not shown')
    assert.equal(shown.current().cert, local.current().cert)
  })
})
