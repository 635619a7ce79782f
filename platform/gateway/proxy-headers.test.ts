import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requestHeaders } from './proxy-headers.ts'

const exchange = { requestId: 'r', ip: '192.0.2.1', userAgent: '', pattern: 'none', replyHeaders: {} }

describe('the headers that the protected service gets', () => {
  test('hostile: the length is that of the body that is sent, whatever the client told', () => {
    const lengthOf = (told: string | undefined, bytes: number | null): unknown =>
      requestHeaders(told === undefined ? {} : { 'content-length': told }, {
        exchange,
        host: 'a',
        identity: null,
        bytes,
      })['content-length']
    assert.equal(lengthOf('5', null), '0')
    assert.equal(lengthOf('0', null), '0')
    assert.equal(lengthOf('005', 5), '5')
    assert.equal(lengthOf(undefined, 3), '3')
    assert.equal(lengthOf(undefined, null), undefined)
  })
})
