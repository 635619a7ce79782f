import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test, type TestContext } from 'node:test'
import { fakeClock } from '../kernel/clock.ts'
import { openCertificates } from './certificates.ts'
import { issueCertificate } from './issue-certificate.ts'

const DAY = 86_400

async function place(context: TestContext, host = 'localhost') {
  const folder = await mkdtemp(join(tmpdir(), 'surety-certificates-'))
  context.after(() => rm(folder, { recursive: true }))
  const clock = fakeClock(new Date('2026-11-22T12:00:00Z'))
  return {
    clock,
    keysFolder: folder,
    host,
    ownCertFile: '',
    ownKeyFile: '',
    revocationsUrl: 'http://localhost/list.crl',
    ordering: null,
  }
}

test('the local certificate speaks for the host and this machine, below a confined authority', async (context) => {
  const at = await place(context, 'surety.example')
  const opened = await openCertificates(at)
  const authority = new X509Certificate(opened.authority() ?? '')
  const server = new X509Certificate(opened.current().cert)
  assert.equal(authority.ca, true)
  assert.equal(server.ca, false)
  assert.ok(server.verify(authority.publicKey) && authority.verify(authority.publicKey))
  assert.ok(server.checkIssued(authority))
  assert.equal(server.checkHost('surety.example'), 'surety.example')
  assert.equal(server.checkHost('localhost'), 'localhost')
  assert.equal(server.checkIP('127.0.0.1'), '127.0.0.1')
  assert.ok(server.checkIP('::1'))
  assert.equal(server.checkHost('evil.example'), undefined)
  assert.deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.equal(authority.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.ok(server.checkPrivateKey(createPrivateKey(opened.current().key)))
})

test('OpenSSL accepts the chain, and refuses what the authority was never meant to sign', async (context) => {
  const at = await place(context)
  const { authority } = await openCertificates(at)
  const issuer = createPrivateKey(await readFile(join(at.keysFolder, 'authority.key')))
  const rogue = issueCertificate(
    {
      subject: 'bank.example',
      issuer: new X509Certificate(authority() ?? '').subject.slice(3),
      key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
      from: at.clock.now(),
      until: new Date('2027-01-01T00:00:00Z'),
      names: ['bank.example'],
      authority: false,
    },
    issuer,
  )
  await writeFile(join(at.keysFolder, 'rogue.pem'), rogue)
  const verify = async (name: string): Promise<string> => {
    const time = String(at.clock.now().getTime() / 1000)
    const file = (which: string): string => join(at.keysFolder, which)
    const options = ['verify', '-x509_strict', '-attime', time, '-CAfile', file('authority.pem'), file(name)]
    try {
      return (await promisify(execFile)('openssl', options)).stdout
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'no openssl'
      return (error as { stderr: string }).stderr
    }
  }
  const answer = await verify('server.pem')
  if (answer === 'no openssl') return context.skip('the command openssl is not there')
  assert.match(answer, /server\.pem: OK/)
  assert.match(await verify('rogue.pem'), /permitted subtree violation/)
})

test('the local authority publishes what it took back, which OpenSSL reads and asks for', async (context) => {
  const at = await place(context)
  const opened = await openCertificates(at)
  const file = (name: string): string => join(at.keysFolder, name)
  await writeFile(file('list.crl'), opened.revocations() ?? '')
  const openssl = async (...options: readonly string[]): Promise<string> =>
    promisify(execFile)('openssl', options).then(
      ({ stdout, stderr }) => `${stdout}${stderr}`,
      (error: NodeJS.ErrnoException & { stderr?: string }) =>
        error.code === 'ENOENT' ? 'no openssl' : (error.stderr ?? ''),
    )
  const list = ['crl', '-inform', 'DER', '-in', file('list.crl')]
  const answer = await openssl(...list, '-CAfile', file('authority.pem'), '-noout')
  if (answer === 'no openssl') return context.skip('the command openssl is not there')
  assert.match(answer, /verify OK/)
  await openssl(...list, '-out', file('crl.pem'))
  const time = String(at.clock.now().getTime() / 1000)
  const common = ['-attime', time, '-CAfile', file('authority.pem')]
  const checked = ['-crl_check', '-CRLfile', file('crl.pem'), file('server.pem')]
  assert.match(await openssl('verify', '-x509_strict', ...common, ...checked), /server\.pem: OK/)
  assert.match(
    await openssl('x509', '-in', file('server.pem'), '-noout', '-text'),
    /URI:http:\/\/localhost\/list\.crl/,
  )
})

test('a certificate is used again, renewed after two thirds of its time, and made anew for another host', async (context) => {
  const at = await place(context)
  const first = (await openCertificates(at)).current().cert
  const again = await openCertificates(at)
  assert.equal(again.current().cert, first)
  at.clock.advanceSeconds(59 * DAY)
  assert.equal(await again.refresh(), false)
  at.clock.advanceSeconds(2 * DAY)
  assert.equal(await again.refresh(), true)
  const renewed = new X509Certificate(again.current().cert)
  assert.ok(renewed.validToDate.getTime() - at.clock.now().getTime() >= 89 * DAY * 1000)
  const other = await openCertificates({ ...at, host: 'surety.example' })
  assert.equal(new X509Certificate(other.current().cert).checkHost('surety.example'), 'surety.example')
  assert.notEqual(other.authority(), again.authority())
})

test('a key without its certificate is made again; a broken file is reported, never replaced', async (context) => {
  const at = await place(context)
  await openCertificates(at)
  await rm(join(at.keysFolder, 'server.pem'))
  await openCertificates(at)
  await writeFile(join(at.keysFolder, 'authority.pem'), 'broken')
  await assert.rejects(openCertificates(at), /authority\.pem and authority\.key/)
  assert.equal(await readFile(join(at.keysFolder, 'authority.pem'), 'utf8'), 'broken')
})

test('the operator’s own files are used, read again when they change, and refused when they do not fit', async (context) => {
  const at = await place(context)
  const make = async (name: string): Promise<void> => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const order = { subject: name, issuer: name, key: privateKey, names: [name], authority: false }
    const until = new Date('2051-01-01T00:00:00Z')
    const cert = issueCertificate({ ...order, from: at.clock.now(), until }, privateKey)
    await writeFile(join(at.keysFolder, 'own.pem'), cert)
    await writeFile(join(at.keysFolder, 'own.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  }
  await make('one.example')
  const files = { ownCertFile: join(at.keysFolder, 'own.pem'), ownKeyFile: join(at.keysFolder, 'own.key') }
  const own = await openCertificates({ ...at, ...files })
  assert.equal(own.authority(), null)
  assert.equal(new X509Certificate(own.current().cert).validToDate.getUTCFullYear(), 2051)
  assert.equal(await own.refresh(), false)
  await make('two.example')
  assert.equal(await own.refresh(), true)
  const before = own.current()
  await writeFile(
    files.ownKeyFile,
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
  )
  await assert.rejects(own.refresh(), /SURETY_TLS_KEY is not the key/)
  assert.equal(own.current(), before)
})
