import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Macro } from '../model.ts'
import { COLLECTIONS, OPERATORS, SINGLES } from '../names.ts'
import { operatorText, readOperator } from './operator-use.ts'
import { readTemplate, templateText } from './template.ts'

const place = { file: 'sample.conf', line: 7 }

test('an operator has a name in any case, may be negated, and is a pattern without a name', () => {
  const read = (text: string) => {
    const { name, negated, argument } = readOperator(text, place)
    return [name, negated, templateText(argument)]
  }
  assert.deepEqual(read('@rx a b '), ['rx', false, 'a b '])
  assert.deepEqual(read('!@RX a'), ['rx', true, 'a'])
  assert.deepEqual(read('! @pmf  x.data'), ['pmFromFile', true, 'x.data'])
  assert.deepEqual(read('@detectSQLi'), ['detectSQLi', false, ''])
  assert.deepEqual(read('^a@b$'), ['rx', false, '^a@b$'])
  assert.deepEqual(read('!^a$'), ['rx', true, '^a$'])
  assert.deepEqual(read(''), ['rx', false, ''])
  assert.deepEqual(read('@ipMatchF a'), ['ipMatchFromFile', false, 'a'])
})

test('every operator of the manual is read', () => {
  for (const name of OPERATORS) assert.equal(readOperator(`@${name.toUpperCase()} 1`, place).name, name)
})

test('an operator that is not known is refused', () => {
  for (const text of ['@nothing x', '!@nothing', '@', '@ rx', '@rx:a', '@constructor']) {
    assert.throws(() => readOperator(text, place), { code: 'operator-unknown', place }, text)
  }
})

test('macros stand anywhere in a text', () => {
  assert.deepEqual(readTemplate('a%{tx.a-b}%{REMOTE_ADDR}b%{request_headers:User-Agent}', place), [
    'a',
    { variable: 'TX', key: 'a-b' },
    { variable: 'REMOTE_ADDR', key: null },
    'b',
    { variable: 'REQUEST_HEADERS', key: 'User-Agent' },
  ])
  assert.deepEqual(readTemplate('', place), [])
})

test('a percent sign and brace that begin no name are text', () => {
  for (const text of ['%{2,3}', '%{', '%{tx.a', '%{#context}', '%%{}', '%{tx.a{b}']) {
    assert.deepEqual(readTemplate(text, place), [text])
  }
})

test('a macro of no variable, or of a member of a variable that has none, is refused', () => {
  assert.throws(() => readTemplate('%{nothing.x}', place), { code: 'variable-unknown', place })
  assert.throws(() => readTemplate('%{constructor}', place), { code: 'variable-unknown', place })
  assert.throws(() => readTemplate('%{REMOTE_ADDR.x}', place), { code: 'syntax', place })
})

test('an operator that is printed reads as itself', () => {
  const key = fc.stringMatching(/^[\w.\-/ ]{1,8}$/)
  const macro: fc.Arbitrary<Macro> = fc.oneof(
    fc.record({ variable: fc.constantFrom(...SINGLES), key: fc.constant(null) }),
    fc.record({ variable: fc.constantFrom(...COLLECTIONS), key: fc.option(key) }),
  )
  const text = fc.stringMatching(/^[^%{} ][^%{}]{0,8}$/)
  const argument = fc
    .tuple(text, fc.array(fc.tuple(macro, text), { maxLength: 3 }))
    .map(([first, rest]) => [first, ...rest.flat()])
  const operator = fc.record({
    name: fc.constantFrom(...OPERATORS),
    negated: fc.boolean(),
    argument: fc.oneof(argument, fc.constant([])),
  })
  fc.assert(
    fc.property(operator, (operator) => {
      fc.pre(!/^[\t-\r]/.test(templateText(operator.argument)))
      assert.deepEqual(readOperator(operatorText(operator), place), structuredClone(operator))
    }),
  )
})
