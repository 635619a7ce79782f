import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, beforeEach, suite, test } from 'node:test'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { NotTaken } from './carrier.ts'
import { smtpLetters } from './smtp.ts'

const LETTER = {
  id: '0190f3c0-0000-7000-8000-000000000001',
  to: 'person@example.org',
  subject: 'A sample letter',
  text: 'Grüße\n\nhttps://localhost:8443/console/recover#a-secret\n',
  kind: 'sample',
  account: null,
}

interface Got {
  readonly from: string
  readonly to: readonly string[]
  readonly data: string
}

suite('mail by SMTP', () => {
  const servers: SMTPServer[] = []
  let got: Got[] = []
  beforeEach(() => {
    got = []
  })
  after(async () => {
    for (const server of servers) await new Promise<void>((done) => server.close(() => done()))
  })

  const at = (address: string) => () => `smtp://${address}`
  /** A mail server on this machine; `refuse` answers at the data. */
  async function serve(
    more: SMTPServerOptions = {},
    refuse?: { code: number; text: string },
  ): Promise<string> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      ...more,
      onData: (stream, session, done) => {
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('end', () => {
          if (refuse !== undefined)
            return done(Object.assign(new Error(refuse.text), { responseCode: refuse.code }))
          const { mailFrom, rcptTo } = session.envelope
          const from = mailFrom === false ? '' : mailFrom.address
          got.push({ from, to: rcptTo.map(({ address }) => address), data: Buffer.concat(chunks).toString() })
          done()
        })
      },
    })
    servers.push(server)
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', () => ready()))
    return `127.0.0.1:${(server.server.address() as AddressInfo).port}`
  }
  const notTaken = (work: Promise<unknown>, forGood: boolean, reason: RegExp) =>
    assert.rejects(work, (error) => {
      assert.ok(error instanceof NotTaken)
      assert.equal(error.forGood, forGood)
      assert.match(error.reason, reason)
      assert.ok(!error.message.includes(LETTER.to) && !error.message.includes('a-secret'))
      return true
    })

  test('a letter arrives as plain text, under an id that a second hand-over keeps', async () => {
    const carrier = smtpLetters(at(await serve()), 'surety@example.org')
    await carrier.carry(LETTER)
    await carrier.carry(LETTER)
    assert.deepEqual(
      got.map(({ from, to }) => [from, to]),
      Array.from({ length: 2 }, () => ['surety@example.org', ['person@example.org']]),
    )
    const data = got[0]?.data ?? ''
    assert.match(data, /^Subject: A sample letter\r$/m)
    assert.match(data, /^Message-ID: <0190f3c0-0000-7000-8000-000000000001@example\.org>\r$/im)
    assert.match(data, /^Content-Type: text\/plain; charset=utf-8\r$/im)
    assert.match(data, /^Auto-Submitted: auto-generated\r$/im)
    assert.equal(got[1]?.data.match(/^Message-ID: (.*)$/im)?.[1], data.match(/^Message-ID: (.*)$/im)?.[1])
  })

  test('an address or a subject with a line break becomes no second recipient and no second header', async () => {
    const carrier = smtpLetters(at(await serve()), 'surety@example.org')
    const evil = { ...LETTER, subject: 'Hello\r\nBcc: evil@example.org\r\n\r\nbody' }
    await carrier.carry(evil)
    const to = 'person@example.org>\r\nRCPT TO:<evil@example.org'
    await carrier.carry({ ...LETTER, to }).catch((error: unknown) => assert.ok(error instanceof NotTaken))
    for (const { to: recipients, data } of got) {
      assert.ok(!recipients.includes('evil@example.org'))
      assert.doesNotMatch(data, /^Bcc:/im)
    }
  })

  test('a server that refuses for now is tried again, one that refuses for good is not', async () => {
    const later = `smtp://${await serve({}, { code: 451, text: `try again ${LETTER.to}` })}`
    await notTaken(smtpLetters(() => later, 'surety@example.org').carry(LETTER), false, /\(451\)/)
    const never = `smtp://${await serve({}, { code: 550, text: `no such user ${LETTER.to}` })}`
    await notTaken(smtpLetters(() => never, 'surety@example.org').carry(LETTER), true, /\(550\)/)
    await notTaken(
      smtpLetters(() => 'smtp://127.0.0.1:1', 'surety@example.org').carry(LETTER),
      false,
      /ECONNREFUSED|ESOCKET/,
    )
  })

  test('wrong credentials are a fault of the settings: the letter waits', async () => {
    const onAuth: SMTPServerOptions['onAuth'] = ({ username, password }, _session, done) =>
      username === 'user' && password === 'p@ss'
        ? done(null, { user: 'user' })
        : done(Object.assign(new Error('no'), { responseCode: 535 }))
    const address = await serve({ authOptional: false, allowInsecureAuth: true, onAuth })
    await smtpLetters(() => `smtp://user:p%40ss@${address}`, 'surety@example.org').carry(LETTER)
    assert.equal(got.length, 1)
    const wrong = smtpLetters(() => `smtp://user:wrong@${address}`, 'surety@example.org')
    await notTaken(wrong.carry(LETTER), false, /./)
  })

  test('policy 2.1-a: no letter leaves this machine without TLS', async () => {
    const address = await serve()
    // The name is this machine's, but nothing says so: STARTTLS is asked for, and the server has none.
    const port = address.split(':')[1] ?? ''
    const named = smtpLetters(() => `smtp://[::ffff:127.0.0.1]:${port}`, 'surety@example.org')
    await notTaken(named.carry(LETTER), false, /ETLS|could not be used|did not take/)
    assert.deepEqual(got, [])
  })
})
