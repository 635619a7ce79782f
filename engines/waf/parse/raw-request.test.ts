import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyBytes, millisecondsOf, piecesOf } from './bytes.fixture.ts'
import { readRawRequest } from './raw-request.ts'

function read(text: string) {
  const { head, body } = readRawRequest(Buffer.from(text, 'latin1'))
  return { ...head, body: Buffer.from(body).toString('latin1') }
}

test('a request as it should be is read without a line of its own', () => {
  assert.deepEqual(read('POST /a?b HTTP/1.1\r\nHost: x\r\nA:  b \r\nContent-Length: 2\r\n\r\nokGET'), {
    method: 'POST',
    target: '/a?b',
    protocol: 'HTTP/1.1',
    headers: ['Host', 'x', 'A', 'b', 'Content-Length', '2'],
    body: 'ok',
  })
})

test('first lines of any shape are kept whole, and taken apart as far as they go', () => {
  const cases = [
    ['GET /a b HTTP/1.1', 'GET', '/a b', 'HTTP/1.1'],
    ['GET /', 'GET', '/', 'HTTP/0.9'],
    ['GET\t/\tHTTP/1.1', 'GET', '/', 'HTTP/1.1'],
    ['G(T / HTTP/1.1', 'G(T', '/', 'HTTP/1.1'],
    ['GET / HTTP/1.10', 'GET', '/', 'HTTP/1.10'],
    ['junk', 'junk', '', 'HTTP/0.9'],
  ] as const
  for (const [line, method, target, protocol] of cases)
    assert.deepEqual(read(`${line}\r\n\r\n`), { method, target, protocol, line, headers: [], body: '' })
})

test('header lines without a colon, folded, with bare line feeds or control bytes are kept', () => {
  assert.deepEqual(read('GET / HTTP/1.1\nA : b\n c\nno colon\nB:\x01\x00\n\nbody').headers, [
    'A',
    'b c',
    'no colon',
    '',
    'B',
    '\x01\x00',
  ])
})

test('chunks are joined, and what is malformed among them is all body', () => {
  const head = 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'
  assert.equal(read(`${head}2;x=y\r\nab\r\n1\r\nc\r\n0\r\n\r\nGET`).body, 'abc')
  assert.equal(read(`${head}2\r\nab\r\nzz\r\nrest`).body, 'abzz\r\nrest')
})

test('any bytes are read, never thrown at, and a megabyte takes little time', () => {
  const pieces = piecesOf(
    'GET ',
    '/',
    ' HTTP/1.1',
    '\r\n',
    '\n',
    'A: b',
    ':',
    'Content-Length: 9',
    'Transfer-Encoding: chunked',
    '5\r\n',
  )
  fc.assert(
    fc.property(fc.oneof(anyBytes, pieces), (text) => void read(text)),
    { numRuns: 2000 },
  )
  for (const piece of [' ', '\n', 'A:\n', 'a b\n ', '\r', ':'])
    for (const start of ['', 'GET / HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'])
      assert.ok(
        millisecondsOf(() => void read(start + piece.repeat(1_000_000 / piece.length))) < 1500,
        start + piece,
      )
})
