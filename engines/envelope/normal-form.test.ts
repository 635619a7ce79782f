import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blindIndex } from './blind-index.ts'
import { EnvelopeError } from './envelope-error.ts'
import { generateDataKey } from './keys.ts'
import { normalForms, type NormalForm } from './normal-form.ts'

const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => value.isWellFormed())
const number = fc.stringMatching(/^\+[1-9][0-9]{6,14}$/)
const between = fc.constantFrom('', ' ', '-', '(', ')', '.', '/', '\u00a0', '\u2011', '\u2013')

test('every form returns its own results unchanged', () => {
  for (const form of ['exact', 'email', 'text'] as const) {
    fc.assert(
      fc.property(text, (value) => {
        const once = normalForms[form](value)
        assert.equal(normalForms[form](once), once)
      }),
      { numRuns: 1000 },
    )
  }
  fc.assert(fc.property(number, (value) => assert.equal(normalForms.phone(value), value)))
})

test('every single character settles: a second normalisation never changes it', () => {
  for (let code = 0; code <= 0x10ff_ff; code++) {
    if (code >= 0xd8_00 && code <= 0xdf_ff) continue
    const once = normalForms.text(`a${String.fromCodePoint(code)}b`)
    assert.equal(normalForms.text(once), once, code.toString(16))
  }
})

test('ways to write one e-mail address and one name share a form, other ones do not', () => {
  fc.assert(
    fc.property(text, (value) => {
      assert.equal(normalForms.text(`\t${value.toUpperCase()} `), normalForms.text(value))
    }),
  )
  fc.assert(
    fc.property(fc.emailAddress(), (value) => {
      assert.equal(normalForms.email(` ${value.toUpperCase()}\n`), normalForms.email(value))
    }),
  )
  assert.notEqual(normalForms.email('straße@sample.invalid'), normalForms.email('strasse@sample.invalid'))
  assert.equal(normalForms.email(' Ａnna@Sample.INVALID '), 'anna@sample.invalid')
  assert.equal(normalForms.text('Straße \u00a0 42'), normalForms.text('STRASSE 42'))
  assert.equal(normalForms.text('ΟΔΟΣ'), normalForms.text('οδοσ'))
  assert.notEqual(normalForms.text('Muller'), normalForms.text('Müller'))
  assert.notEqual(normalForms.email('a.b@sample.invalid'), normalForms.email('ab@sample.invalid'))
})

test('what people put between the digits of a telephone number does not matter', () => {
  fc.assert(
    fc.property(number, fc.array(between, { minLength: 20, maxLength: 20 }), (value, signs) => {
      const written = Array.from(value, (digit, at) => digit + (signs[at] ?? '')).join('')
      assert.equal(normalForms.phone(` ${written}`), value)
    }),
  )
  assert.equal(normalForms.phone('+49 (30) 901820'), '+4930901820')
})

test('a telephone number that is not international, or no number, is refused', () => {
  for (const value of [
    '',
    '030 901820',
    '0049 30 901820',
    '+0123456789',
    '+49 30 90a1820',
    '+123456',
    `+1${'2'.repeat(15)}`,
  ])
    assert.throws(() => normalForms.phone(value), new EnvelopeError('invalid-text'), value)
})

test('ill-formed text is refused in every form', () => {
  for (const form of Object.keys(normalForms) as NormalForm[])
    assert.throws(() => normalForms[form]('+4930901820\ud800'), new EnvelopeError('invalid-text'))
})

test('an index with a form finds the same value however it is written', () => {
  const key = generateDataKey()
  const scope = { tenant: 'tenant-1', purpose: 'contact.phone' }
  const byPhone = blindIndex(key, { ...scope, form: 'phone' })
  assert.deepEqual(byPhone('+1 (202) 555-0100'), byPhone('+12025550100'))
  assert.deepEqual(byPhone('+1 202 555 0100'), blindIndex(key, scope)('+12025550100'))
  assert.notDeepEqual(byPhone('+12025550101'), byPhone('+12025550100'))
})
