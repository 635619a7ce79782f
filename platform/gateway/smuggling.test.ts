import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sendRaw, testGateway, type TestGateway } from './gateway.fixture.ts'

const SMUGGLED = 'GET /hooks/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n'

describe('hostile: requests within requests', () => {
  let at: TestGateway
  /** What the service saw: method, address, length and body. */
  let seen: (string | undefined)[][] = []
  before(async () => {
    at = await testGateway((incoming, outgoing) => {
      const { method, url, headers } = incoming
      let body = ''
      incoming.on('data', (part: Buffer) => (body += part.toString('latin1')))
      incoming.on('end', () => {
        seen.push([method, url, headers['content-length'], headers['transfer-encoding'], body])
        outgoing.end('ok')
      })
    })
  })
  beforeEach(() => {
    seen = []
  })
  after(() => at.close())

  const send = (head: string, body: string): Promise<string> =>
    sendRaw(at, `${head}\r\nHost: localhost\r\nConnection: close\r\n${body}`)

  test('what can be read in two ways is refused, and the service sees nothing of it', async () => {
    const end = `0\r\n\r\n${SMUGGLED}`
    const refused: readonly (readonly [head: string, body: string])[] = [
      ['POST /hooks/a HTTP/1.1', `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${end}`],
      ['POST /hooks/a HTTP/1.1', `Transfer-Encoding: xchunked\r\n\r\n${end}`],
      ['POST /hooks/a HTTP/1.1', `Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
      ['POST /hooks/a HTTP/1.1', `Transfer-Encoding: chunked, identity\r\n\r\n${end}`],
      ['POST /hooks/a HTTP/1.1', `Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${end}`],
      ['POST /hooks/a HTTP/1.1', `Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n${end}`],
      ['POST /hooks/a HTTP/1.1', `Transfer-Encoding:\r\n chunked\r\n\r\n${end}`],
      ['POST /hooks/a HTTP/1.0', `Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
      ['POST /hooks/a HTTP/1.1', `Content-Length: +5\r\n\r\nhello`],
      ['POST /hooks/a HTTP/1.1', `Content-Length: 5, 5\r\n\r\nhello`],
      ['POST /hooks/a HTTP/1.1', `Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
      ['POST /hooks/a HTTP/1.1', `Content-Length: 18446744073709551621\r\n\r\nhello`],
      ['POST /hooks/a HTTP/1.1', `Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\nab\r\n0\r\n\r\n`],
      ['POST /hooks/a HTTP/1.1', `Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n`],
      ['POST /hooks/a HTTP/1.1', `Transfer-Encoding: chunked\r\n\r\n2\nab\r\n0\r\n\r\n`],
      ['POST /hooks/a HTTP/1.1', `Transfer-Encoding: chunked\r\n\r\nffffffffffffffff2\r\nab\r\n0\r\n\r\n`],
      ['GET /hooks/a HTTP/1.1', 'X: a\r\n b\r\n\r\n'],
      ['GET /hooks/a HTTP/1.1', 'X: a\rY: b\r\n\r\n'],
      ['GET /hooks/a HTTP/1.1', 'X: a\0b\r\n\r\n'],
      ['GET /hooks/a HTTP/1.2', '\r\n'],
    ]
    for (const [head, body] of refused) {
      assert.match(await send(head, body), /^HTTP\/1\.1 400 /, `${head} ${body}`)
      assert.deepEqual(seen, [], `${head} ${body}`)
    }
  })

  test('a body goes on with one length, also where the client has its length taken away on the way', async () => {
    const { length } = SMUGGLED
    const hop = 'Connection: content-length, surety-request-id\r\n'
    for (const told of [
      `Content-Length: ${length}\r\n`,
      `Content-Length: 0${length}\r\n`,
      `${hop}Content-Length: ${length}\r\n`,
    ])
      assert.match(await send('POST /hooks/a HTTP/1.1', `${told}\r\n${SMUGGLED}`), /^HTTP\/1\.1 200 /)
    const chunks = `${length.toString(16)};a=b\r\n${SMUGGLED}\r\n0\r\n\r\n`
    const answered = await send('POST /hooks/a HTTP/1.1', `Transfer-Encoding: Chunked\r\n\r\n${chunks}`)
    assert.match(answered, /^HTTP\/1\.1 200 /)
    const whole = ['POST', '/hooks/a', String(length), undefined, SMUGGLED]
    assert.deepEqual(seen, [whole, whole, whole, whole])
  })
})
