import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../../kernel/problem.ts'
import { maskedNumber, readNumber } from './sms-number.ts'

const refused = (typed: string, allowed: readonly string[] = []) =>
  assert.rejects(readNumber(typed, allowed), { code: 'request.invalid' }, typed)

test('policy 3.1-b: a mobile number is read as people write it, in its one form', async () => {
  for (const typed of ['+4915112345678', '+49 151 12345678', ' +49 (151) 1234-5678 '])
    assert.deepEqual(await readNumber(typed, ['DE']), {
      number: '+4915112345678',
      country: 'DE',
      area: '+49151',
    })
  assert.equal((await readNumber('+1 415 555 2671', ['US'])).area, '+1415')
})

test('policy 3.1-b: premium, shared-cost, personal, satellite and landline numbers get no text', async () => {
  const dear = [
    '+19005550123',
    '+33899123456',
    '+447012345678',
    '+881612345678',
    '+979123456789',
    '+882131234567',
  ]
  for (const typed of [...dear, '+493012345678', '+8835100123456', '+37259000000000']) await refused(typed)
})

test('policy 3.1-b: a country that is not allowed gets no text, though it shares its calling code', async () => {
  await refused('+4915112345678', ['US'])
  await refused('+18765551234', ['US'])
  await refused('+12468341234', ['US', 'CA'])
})

test('policy 3.1-b: without a country code, with an extension or with anything around it, nothing is a number', async () => {
  for (const typed of [
    '015112345678',
    '4915112345678',
    '+4915112345678;ext=5',
    '+4915112345678x5',
    'tel:+4915112345678',
    'call +4915112345678',
    '+4915112345678,+4915112345679',
    '+4915112345678\r\nBcc: x',
    '++4915112345678',
    '+',
    '',
  ])
    await refused(typed)
})

test('policy 3.1-b: numbers that reach nobody are for checks of the system alone', async () => {
  await refused('+447700900123')
  assert.equal((await readNumber('+447700900123', ['DE'], { probe: true })).country, 'check')
  await assert.rejects(readNumber('+447700800123', ['DE'], { probe: true }))
})

test('policy 3.1-b: whatever is typed is refused or becomes a plain E.164 number', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), async (noise) => {
      for (const typed of [noise, `+49151${noise}`]) {
        try {
          assert.match((await readNumber(typed, [])).number, /^\+[1-9]\d{6,14}$/)
        } catch (error) {
          if (!(error instanceof Problem)) throw error
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('a number shows its owner no more than two digits', () => {
  assert.equal(maskedNumber('+4915112345678'), '••• 78')
})
