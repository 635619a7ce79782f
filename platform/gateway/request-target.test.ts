import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../kernel/problem.ts'
import { isBelow, isClaimed, readTarget } from './request-target.ts'

const hostile = fc.string({
  unit: fc.constantFrom(
    '/',
    '.',
    '..',
    '%',
    '%2',
    '%2e',
    '%2F',
    '%5c',
    '%25',
    '%00',
    '%41',
    '%c3',
    '%a9',
    '\\',
    ';',
    '?',
    '#',
    'hooks',
    'inbox',
    'w',
    'a',
    ' ',
    '\t',
    'é',
    '@',
    ':',
    '//',
  ),
  maxLength: 12,
})

const accepted = (raw: string): string | null => {
  try {
    return readTarget(raw).path
  } catch (error) {
    assert.ok(error instanceof Problem && error.code === 'request.malformed')
    return null
  }
}

test('an accepted path is the same for every reader: as it is, normalised, decoded', () => {
  let seen = 0
  fc.assert(
    fc.property(hostile, (tail) => {
      const path = accepted(`/${tail}`)
      if (path === null) return
      seen += 1
      assert.equal(new URL(path, 'https://localhost').pathname, path)
      const decoded = decodeURIComponent(path)
      assert.equal(decoded.split('/').length, path.split('/').length)
      for (const prefix of ['/hooks/', '/w/', '/inbox/'])
        assert.equal(decoded.startsWith(prefix), path.startsWith(prefix), path)
    }),
    { numRuns: 5000 },
  )
  assert.ok(seen > 100)
})

test('no text at all makes the reader fail in another way', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (raw) => void accepted(raw)),
    { numRuns: 2000 },
  )
})

test('the query is kept as it is', () => {
  assert.deepEqual(readTarget('/a?b=/../c;d&e=%2f'), { path: '/a', search: '?b=/../c;d&e=%2f' })
})

test('a prefix ends at a segment', () => {
  assert.equal(isBelow('/hooks/x', ['/hooks/']), '/hooks/')
  assert.equal(isBelow('/hooks', ['/hooks/']), undefined)
  assert.equal(isBelow('/hooksmith', ['/hooks']), undefined)
  assert.equal(isBelow('/hooks', ['/hooks']), '/hooks')
  assert.equal(isClaimed('/api'), true)
  assert.equal(isClaimed('/apiary'), false)
  assert.equal(isClaimed('/trust.json'), true)
  assert.equal(isClaimed('/console/x'), true)
})
