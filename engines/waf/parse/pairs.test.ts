import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyBytes, millisecondsOf } from './bytes.fixture.ts'
import { readCookies } from './cookies.ts'
import { readPairs } from './pairs.ts'
import { splitTarget } from './target.ts'

const encode = (text: string): string =>
  text.replaceAll(/[^]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)

test('what is encoded as a form comes out as it was, in its order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyBytes, anyBytes), { maxLength: 8 }), (pairs) => {
      const text = pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
      assert.deepEqual(readPairs(text), { pairs, invalidEncoding: false, overflow: false })
    }),
  )
})

test('any bytes are a form, and one that is invalid stays as it is', () => {
  fc.assert(fc.property(anyBytes, (text) => void readPairs(text)))
  assert.deepEqual(readPairs('a+b%zz=%4&&=x&c'), {
    pairs: [
      ['a b%zz', '%4'],
      ['', 'x'],
      ['c', ''],
    ],
    invalidEncoding: true,
    overflow: false,
  })
})

test('arguments over the limit are left out and said to be', () => {
  const read = readPairs('a=1&b=2&c=3', '&', 2)
  assert.equal(read.pairs.length, 2)
  assert.equal(read.overflow, true)
  assert.deepEqual(readPairs('a=1;b=2', ';').pairs.length, 2)
})

test('a megabyte of separators, names or percent signs takes time in proportion', () => {
  for (const piece of ['&', 'a&', '%', '%41', '+', '='])
    assert.ok(millisecondsOf(() => void readPairs(piece.repeat(1_000_000 / piece.length))) < 1500, piece)
})

test('cookies are taken as sent, and names that come again are kept', () => {
  assert.deepEqual(readCookies(' a=b; c ; =x; q="1"; a = e ;;'), [
    ['a', 'b'],
    ['c ', ''],
    ['', 'x'],
    ['q', '"1"'],
    ['a ', ' e '],
  ])
  assert.deepEqual(readCookies('$Version="1"; a="x;\\"y", b=2', 1), [
    ['$Version', '1'],
    ['a', 'x;"y'],
    ['b', '2'],
  ])
  fc.assert(fc.property(anyBytes, fc.constantFrom(0, 1), (text, format) => void readCookies(text, format)))
})

test('a path is parted from its query before it is decoded', () => {
  assert.deepEqual(splitTarget('/a%2fb/c%3Fd.php?q=1%23#x'), {
    uri: '/a/b/c?d.php?q=1#',
    filename: '/a/b/c?d.php',
    basename: 'c?d.php',
    query: 'q=1%23#x',
  })
})

test('a target in absolute form loses its scheme and host', () => {
  assert.deepEqual(splitTarget('http://example.org/p/q?z'), {
    uri: '/p/q?z',
    filename: '/p/q',
    basename: 'q',
    query: 'z',
  })
  assert.equal(splitTarget('*').filename, '*')
  assert.equal(splitTarget('example.org:443').uri, 'example.org:443')
  fc.assert(fc.property(anyBytes, (text) => void splitTarget(text)))
})
