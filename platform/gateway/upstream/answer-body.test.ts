import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { openBodyReader, type BodyState } from './answer-body.ts'
import { MalformedAnswer, type Framing } from './answer-head.ts'

function read(framing: Framing, pieces: readonly Buffer[]): { state: BodyState; body: string } {
  const parts: Buffer[] = []
  const reader = openBodyReader(framing, (part) => {
    assert.ok(part.length > 0)
    parts.push(part)
  })
  let state: BodyState = 'more'
  for (const piece of pieces) state = reader(piece)
  return { state, body: Buffer.concat(parts).toString('latin1') }
}

/** The same bytes, cut at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

const chunked = (text: string): { state: BodyState; body: string } =>
  read('chunked', [Buffer.from(text, 'latin1')])

describe('the body of an answer', () => {
  test('ends with its length, with its last chunk or with the connection', () => {
    assert.deepEqual(read(4, [Buffer.from('fi'), Buffer.from('ne')]), { state: 'whole', body: 'fine' })
    assert.deepEqual(read(4, [Buffer.from('fin')]), { state: 'more', body: 'fin' })
    assert.deepEqual(read(0, [Buffer.alloc(0)]), { state: 'whole', body: '' })
    assert.deepEqual(read('until-close', [Buffer.from('a'), Buffer.from('b')]), { state: 'more', body: 'ab' })
    assert.deepEqual(chunked('4\r\nfine\r\n0\r\n\r\n'), { state: 'whole', body: 'fine' })
    assert.deepEqual(chunked('4;a="b"\r\nfine\r\n00\r\nX: y\r\n\r\n'), { state: 'whole', body: 'fine' })
    assert.deepEqual(chunked('A\r\n0123456789\r\n'), { state: 'more', body: '0123456789' })
  })

  test('bytes behind it belong to nobody', () => {
    assert.deepEqual(read(4, [Buffer.from('fineHTTP')]), { state: 'over', body: 'fine' })
    assert.deepEqual(chunked('0\r\n\r\nHTTP'), { state: 'over', body: '' })
    assert.equal(read('chunked', [Buffer.from('0\r\n\r\n'), Buffer.from('H')]).state, 'over')
  })

  test('chunks that are not well-formed are refused', () => {
    const refused = [
      '\r\n',
      ';a\r\n',
      'g\r\n',
      '+1\r\n',
      '0x1\r\n',
      ' 1\r\n',
      '1 \r\n',
      '1\n',
      '1\r1',
      '1\r\nab\r\n',
    ]
    for (const text of [
      ...refused,
      '-1\r\n',
      '1\r\na\n',
      '1\r\na\rb',
      '12345678901\r\n',
      '1;\0\r\n',
      '0\r\nX: \x01',
    ])
      assert.throws(() => chunked(text), MalformedAnswer, JSON.stringify(text))
    assert.throws(() => chunked(`1;${'x'.repeat(5000)}\r\n`), MalformedAnswer)
    assert.throws(() => chunked(`0\r\n${'x: y\r\n'.repeat(1000)}`), MalformedAnswer)
  })

  test('however chunks are cut on their way, the same body comes out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 })),
        fc.array(fc.nat()),
        (chunks, places) => {
          const framed = chunks.map((chunk) =>
            Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
          )
          const bytes = Buffer.concat([...framed, Buffer.from('0\r\n\r\n')])
          const { state, body } = read('chunked', cut(bytes, places))
          assert.equal(state, 'whole')
          assert.equal(body, Buffer.concat(chunks).toString('latin1'))
        },
      ),
    )
  })
})
