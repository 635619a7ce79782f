import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isEventStream, MalformedAnswer, readAnswerHead } from './answer-head.ts'

const head = (...lines: string[]): string => ['HTTP/1.1 200 OK', ...lines].join('\r\n')

describe('the head of an answer', () => {
  test('is read as it stands, and by small names', () => {
    const read = readAnswerHead(
      head('Content-Type: text/plain', 'X-A:\t one \t', 'x-a: two', 'Content-Length: 5'),
      'GET',
    )
    assert.deepEqual(read.rawHeaders, [
      'Content-Type',
      'text/plain',
      'X-A',
      'one',
      'x-a',
      'two',
      'Content-Length',
      '5',
    ])
    assert.deepEqual(
      { ...read.headers },
      { 'content-type': 'text/plain', 'x-a': 'one, two', 'content-length': '5' },
    )
    assert.deepEqual([read.status, read.httpVersion, read.framing, read.keeps], [200, '1.1', 5, true])
    assert.equal(readAnswerHead('HTTP/1.1 404', 'GET').status, 404)
    assert.equal(readAnswerHead(head('X: a\xa0'), 'GET').rawHeaders[1], 'a\xa0')
  })

  test('keeps cookies apart, and the first of what may stand once', () => {
    const read = readAnswerHead(
      head('Set-Cookie: a=1', 'set-cookie: b=2, c', 'Content-Type: a/b', 'Content-Type: c/d'),
      'GET',
    )
    assert.deepEqual(read.headers['set-cookie'], ['a=1', 'b=2, c'])
    assert.equal(read.headers['content-type'], 'a/b')
  })

  test('a header may be called like what every object has', () => {
    const read = readAnswerHead(head('__proto__: x', 'constructor: y', 'toString: z'), 'GET')
    assert.equal(Object.getPrototypeOf(read.headers), Object.prototype)
    assert.equal(read.headers['constructor'], 'y')
    assert.equal(read.headers['tostring'], 'z')
  })

  test('tells how the body ends, and whether the connection is kept', () => {
    const framing = (text: string, method = 'GET'): unknown => readAnswerHead(text, method).framing
    assert.equal(framing(head('Transfer-Encoding: Chunked')), 'chunked')
    assert.equal(framing(head()), 'until-close')
    assert.equal(framing(head('Content-Length: 0')), 0)
    assert.equal(framing(head('Content-Length: 9'), 'HEAD'), 0)
    assert.equal(framing(head('Transfer-Encoding: chunked'), 'HEAD'), 0)
    for (const status of ['204 No Content', '304 Not Modified', '103 Early Hints'])
      assert.equal(framing(`HTTP/1.1 ${status}\r\nContent-Length: 9`), 0, status)
    const keeps = (text: string): boolean => readAnswerHead(text, 'GET').keeps
    assert.equal(keeps(head('Content-Length: 1', 'Connection: Close')), false)
    assert.equal(keeps(head('Content-Length: 1', 'Connection: upgrade, close')), false)
    assert.equal(keeps('HTTP/1.0 200 OK\r\nContent-Length: 1'), false)
    assert.equal(keeps(head()), false)
    assert.equal(readAnswerHead(head('Keep-Alive: max=9, timeout=5'), 'GET').keptSeconds, 5)
  })

  test('an event stream is one however its type is spelled', () => {
    const isOne = (type: string): boolean => isEventStream({ headers: { 'content-type': type } })
    assert.deepEqual(['text/event-stream', 'Text/Event-Stream; charset=utf-8'].map(isOne), [true, true])
    assert.deepEqual(['text/event-streams', 'x text/event-stream', ''].map(isOne), [false, false, false])
    assert.equal(isEventStream({ headers: {} }), false)
  })

  test('what two readers could take apart differently is refused', () => {
    const refused = [
      'HTTP/1.1  200 OK',
      'HTTP/2.0 200 OK',
      'http/1.1 200 OK',
      'HTTP/1.1 099 OK',
      'HTTP/1.1 20 OK',
      'HTTP/1.1 2000 OK',
      'HTTP/1.1 600 Beyond',
      'HTTP/1.1 200 O\nK',
      'ICY 200 OK',
      '',
      head('Content-Length: 5', 'Content-Length: 5'),
      head('Content-Length: 5', 'Transfer-Encoding: chunked'),
      head('Content-Length: +5'),
      head('Content-Length: 5, 5'),
      head('Content-Length: 0x5'),
      head('Content-Length:'),
      head('Content-Length: 1234567890123456'),
      head('Transfer-Encoding: gzip, chunked'),
      head('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
      head('Transfer-Encoding: xchunked'),
      'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked',
      head('X : 1'),
      head(' X: 1'),
      head('X: 1', ' folded'),
      head('X: 1', '\tfolded'),
      head('no header'),
      head(': empty'),
      head('X: a\rb'),
      head('X: a\nY: b'),
      head('X: a\0b'),
      head('X\x80: a'),
      head('X: a', '', 'Y: b'),
    ]
    for (const text of refused)
      assert.throws(() => readAnswerHead(text, 'GET'), MalformedAnswer, JSON.stringify(text))
  })

  test('any bytes are read or refused, and what is read holds no line break', () => {
    const latin1 = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    })
    fc.assert(
      fc.property(fc.array(latin1), (lines) => {
        try {
          const { rawHeaders } = readAnswerHead(head(...lines), 'GET')
          assert.ok(rawHeaders.every((text) => !/[\r\n\0]/.test(text)))
        } catch (error) {
          assert.ok(error instanceof MalformedAnswer)
        }
      }),
    )
  })
})
