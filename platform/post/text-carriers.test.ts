import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, suite, test } from 'node:test'
import { NotTaken } from './carrier.ts'
import { snsTexts } from './sns.ts'
import { twilioTexts } from './twilio.ts'

const SID = `AC${'0'.repeat(32)}`
const TEXT = {
  id: '1',
  to: '+4915112345678',
  text: '123456 is your code for localhost.\n\n@localhost #123456',
  kind: 'code',
  account: null,
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly form: URLSearchParams
}

suite('text messages by providers', () => {
  let asked: Asked[] = []
  let answer: (reply: ServerResponse) => void = () => {}
  const server = createServer((request, reply) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString())
      const { method = '', url = '', headers } = request
      asked.push({ method, path: url, headers, form })
      answer(reply)
    })
  })
  let url = ''
  before(async () => {
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', () => ready()))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  beforeEach(() => {
    asked = []
  })

  const json = (status: number, body: unknown) => (reply: ServerResponse) =>
    reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const xml = (status: number, body: string) => (reply: ServerResponse) =>
    reply.writeHead(status, { 'content-type': 'text/xml' }).end(body)
  const notTaken = (work: Promise<unknown>, forGood: boolean, reason: RegExp) =>
    assert.rejects(work, (error) => {
      assert.ok(error instanceof NotTaken, String(error))
      assert.deepEqual([error.forGood, reason.test(error.reason)], [forGood, true], error.reason)
      for (const secret of [TEXT.to, '123456', 'sample-token']) assert.ok(!error.message.includes(secret))
      return true
    })

  const twilio = (from = '+15005550006') =>
    twilioTexts({ apiUrl: url, accountSid: SID, authToken: () => 'sample-token', from })
  const sns = (from = '') =>
    snsTexts({
      region: 'eu-central-1',
      accessKeyId: 'AKIASAMPLE',
      secretAccessKey: () => 'sample-token',
      apiUrl: url,
      from,
    })

  test('Twilio gets one form with number, sender and words, with the account as basic credentials', async () => {
    answer = json(201, { sid: 'SM1', status: 'queued', error_code: null })
    await twilio().carry({ ...TEXT, goodUntil: new Date() })
    const [one] = asked
    assert.deepEqual([one?.method, one?.path], ['POST', `/2010-04-01/Accounts/${SID}/Messages.json`])
    assert.equal(one?.headers.authorization, `Basic ${btoa(`${SID}:sample-token`)}`)
    assert.match(one?.headers['content-type'] ?? '', /^application\/x-www-form-urlencoded/)
    assert.deepEqual(Object.fromEntries(one?.form ?? []), {
      To: TEXT.to,
      Body: TEXT.text,
      From: '+15005550006',
      ValidityPeriod: '600',
    })
    const service = `MG${'0'.repeat(32)}`
    await twilio(service).carry(TEXT)
    assert.equal(asked[1]?.form.get('MessagingServiceSid'), service)
    assert.equal(asked[1]?.form.get('From'), null)
  })

  test('Twilio: a number that never takes a message is given up, anything else is tried again', async () => {
    answer = json(400, { code: 21_211, message: `invalid ${TEXT.to}`, status: 400 })
    await notTaken(twilio().carry(TEXT), true, /400 \(21211\)/)
    answer = json(429, { code: 20_429, message: 'too many', status: 429 })
    await notTaken(twilio().carry(TEXT), false, /429 \(20429\)/)
    answer = json(401, { code: 20_003, message: 'authenticate', status: 401 })
    await notTaken(twilio().carry(TEXT), false, /401/)
    answer = json(201, { sid: 'SM1', status: 'failed', error_code: 30_006 })
    await notTaken(twilio().carry(TEXT), true, /30006/)
    answer = (reply) => reply.writeHead(200).end('<html>')
    await notTaken(twilio().carry(TEXT), false, /200/)
    answer = (reply) => reply.writeHead(302, { location: 'https://example.org/' }).end()
    await notTaken(twilio().carry(TEXT), false, /could not be reached/)
    answer = (reply) => reply.destroy()
    await notTaken(twilio().carry(TEXT), false, /could not be reached/)
  })

  test('AWS SNS gets a signed Publish for one number, as a transactional message', async () => {
    answer = xml(
      200,
      '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>',
    )
    await sns('Surety').carry(TEXT)
    const [one] = asked
    assert.equal(one?.method, 'POST')
    assert.match(
      one?.headers.authorization ?? '',
      /^AWS4-HMAC-SHA256 Credential=AKIASAMPLE\/\d{8}\/eu-central-1\/sns\//,
    )
    const form = Object.fromEntries(one?.form ?? [])
    assert.deepEqual([form['Action'], form['Version']], ['Publish', '2010-03-31'])
    assert.deepEqual([form['PhoneNumber'], form['Message']], [TEXT.to, TEXT.text])
    assert.equal(form['TopicArn'], undefined)
    const values = Object.entries(form)
      .filter(([name]) => name.startsWith('MessageAttributes.'))
      .map(([, value]) => value)
    for (const value of ['AWS.SNS.SMS.SMSType', 'Transactional', 'AWS.SNS.SMS.SenderID', 'Surety'])
      assert.ok(values.includes(value), value)
  })

  test('AWS SNS: a wrong number is given up, anything else is tried again', async () => {
    const error = (code: string): string =>
      `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${code}</Code><Message>no ${TEXT.to}</Message></Error><RequestId>r</RequestId></ErrorResponse>`
    answer = xml(400, error('InvalidParameter'))
    await notTaken(sns().carry(TEXT), true, /InvalidParameter/)
    answer = xml(400, error('Throttling'))
    await notTaken(sns().carry(TEXT), false, /Throttling/)
    answer = xml(403, error('AuthorizationError'))
    await notTaken(sns().carry(TEXT), false, /AuthorizationError/)
    answer = (reply) => reply.destroy()
    await notTaken(sns().carry(TEXT), false, /./)
    const before = asked.length
    answer = xml(500, error('InternalError'))
    await notTaken(sns().carry(TEXT), false, /InternalError/)
    assert.equal(asked.length, before + 1, 'the outbox alone tries again')
  })
})
