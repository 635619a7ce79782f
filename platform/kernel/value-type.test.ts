import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AnyParameter } from './parameter.ts'
import { byteSize, choice, count, duration, list, ratePerMinute, type ValueType } from './value-type.ts'

const EVERY = { min: 0, max: Number.MAX_SAFE_INTEGER }
const classes = choice({ 'two of the four': 2, 'three of the four': 3, 'all four of the four': 4 })
const protocols = choice({ 'TLS 1.2': 'TLSv1.2', 'TLS 1.3': 'TLSv1.3' }, 'version')
const GROUPS = ['X25519MLKEM768', 'X25519', 'P-256'] as const
const groups = list(GROUPS)
const types: readonly AnyParameter['type'][] = [
  duration(EVERY),
  count(EVERY),
  count(EVERY, ['characters']),
  ratePerMinute(EVERY),
  byteSize(EVERY),
  classes,
  protocols,
  groups,
]

function reads<Value>(type: ValueType<Value>, text: string): Value {
  const reading = type.read(text)
  assert.ok(reading.ok, `${type.kind}: “${text}”`)
  return reading.value
}

function refuses<Value>(type: ValueType<Value>, text: string): void {
  const reading = type.read(text)
  assert.ok(!reading.ok, `${type.kind}: “${text}”`)
  assert.notEqual(reading.expected, '')
  assert.notEqual(reading.remedy, '')
}

/** Any value of the type, shown in words, reads back as itself. */
function showsAndReads<Value>(type: ValueType<Value>, values: fc.Arbitrary<Value>): void {
  fc.assert(fc.property(values, (value) => assert.deepEqual(reads(type, type.show(value)), value)))
}

test('a duration, count, rate or size shown in words reads back as itself', () => {
  const whole = fc.nat({ max: 2 ** 40 })
  showsAndReads(duration(EVERY), whole)
  showsAndReads(count(EVERY), whole)
  showsAndReads(count(EVERY, ['characters']), whole)
  showsAndReads(ratePerMinute(EVERY), whole)
  showsAndReads(
    byteSize(EVERY),
    whole.map((kib) => kib * 1024),
  )
})

test('a choice or list shown in words reads back as itself', () => {
  showsAndReads(classes, fc.constantFrom(2, 3, 4))
  showsAndReads(protocols, fc.constantFrom('TLSv1.2', 'TLSv1.3'))
  showsAndReads(groups, fc.shuffledSubarray([...GROUPS], { minLength: 1 }))
})

test('figures read as a person reads them', () => {
  assert.equal(reads(duration(EVERY), '30 minutes'), 1800)
  assert.equal(reads(duration(EVERY), 'every 24 hours'), 86_400)
  assert.equal(reads(duration(EVERY), 'every hour'), 3600)
  assert.equal(reads(duration(EVERY), '12 months'), reads(duration(EVERY), '1 year'))
  assert.equal(reads(duration(EVERY), 'two years'), 2 * 365 * 86_400)
  assert.equal(reads(count(EVERY, ['characters']), '12 characters'), 12)
  assert.equal(reads(ratePerMinute(EVERY), '1,200 requests per minute'), 1200)
  assert.equal(reads(byteSize(EVERY), '10 MiB'), 10 * 2 ** 20)
  assert.equal(reads(classes, 'three of the four'), 3)
  assert.deepEqual(reads(groups, 'X25519MLKEM768, X25519 and P-256'), GROUPS)
})

test('a figure that a person could read in two ways is refused', () => {
  for (const text of ['30', '30 min', 'minutes', '030 minutes', '1,00 minutes', '1.5 hours', '-5 minutes'])
    refuses(duration(EVERY), text)
  for (const text of [
    '30\u00A0minutes',
    '30\u200B minutes',
    '３0 minutes',
    '30\nminutes',
    '3e1 minutes',
    '∞ years',
  ])
    refuses(duration(EVERY), text)
  for (const text of ['', ' ', '0x10', '+5', '12 letters', '12 characters or so', '99999999999999999999'])
    refuses(count(EVERY, ['characters']), text)
  for (const text of ['X25519 and X25519', 'X25519 and', 'X448', 'X25519, , P-256', '']) refuses(groups, text)
  for (const text of ['tls 1.3', 'TLS 1.1', 'constructor', '__proto__', 'TLSv1.3']) refuses(protocols, text)
  for (const text of ['10 MB', '1 KiB or more']) refuses(byteSize(EVERY), text)
})

test('a value outside its bounds is refused and the nearest bound is named', () => {
  const idle = duration({ min: 60, max: 86_400 })
  const low = idle.read('30 seconds')
  const high = idle.read('2 days')
  assert.ok(!low.ok && !high.ok)
  assert.match(low.expected, /from 1 minute to 1 day/)
  assert.match(low.remedy, /1 minute/)
  assert.match(high.remedy, /1 day/)
  fc.assert(
    fc.property(fc.nat(), (seconds) => {
      assert.equal(idle.read(`${seconds} seconds`).ok, seconds >= 60 && seconds <= 86_400)
    }),
  )
})

test('no text crashes a reader, and whatever reads can be shown and read again', () => {
  const near = fc.constantFrom(
    '30 minutes',
    '12',
    '600 requests a minute',
    '1 KiB',
    'TLS 1.3',
    'X25519 and P-256',
  )
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .tuple(near, fc.string(), fc.nat({ max: 20 }))
      .map(([text, more, at]) => text.slice(0, at) + more + text.slice(at)),
  )
  fc.assert(
    fc.property(fc.constantFrom(...types), texts, (type, text) => {
      const reading = type.read(text)
      if (!reading.ok) return
      const again = type.read(type.show(reading.value as never))
      assert.deepEqual(again, reading)
    }),
    { numRuns: 300 },
  )
})

test('choices rise from the weakest, and a list only grows by what is added to it', () => {
  assert.ok(classes.compare(2, 3) < 0)
  assert.ok(protocols.compare('TLSv1.3', 'TLSv1.2') > 0)
  assert.ok(groups.compare(['X25519'], ['X25519', 'P-256']) < 0)
  assert.equal(groups.compare(['X25519'], ['X25519']), 0)
  assert.ok(Number.isNaN(groups.compare(['X25519', 'P-256'], ['P-256', 'X25519'])))
  assert.ok(Number.isNaN(groups.compare(['X25519MLKEM768'], ['X25519', 'P-256'])))
})
