import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Bytes } from '../model.ts'
import type { OperatorName } from '../names.ts'
import { WafError, type WafErrorCode } from '../waf-error.ts'
import { operators, readNumber } from './index.ts'
import type { Needs, Operator, OperatorHost } from './operator.ts'

const place = { file: 'sample.conf', line: 1 }
const files: Readonly<Record<string, Bytes>> = {
  'words.data': '# sample\r\n\r\nalpha\r\n two words \r\n',
  'networks.txt': '# sample\n10.0.0.0/8\n2001:db8::/32\n',
}
const host: OperatorHost = { readFile: (path) => files[path] ?? null }

function make(name: OperatorName, argument: Bytes, more: Partial<OperatorHost> = {}): Operator {
  return operators[name](argument, { ...host, ...more }, place)
}

function refused(name: OperatorName, argument: Bytes, code: WafErrorCode): void {
  assert.throws(
    () => make(name, argument),
    (error) => error instanceof WafError && error.code === code && error.message.startsWith('sample.conf:1:'),
    `${name} ${argument}`,
  )
}

/** Each line: operator, argument, value, whether it matches. */
const cases: readonly (readonly [OperatorName, Bytes, Bytes, boolean])[] = [
  ['beginsWith', 'GET', 'GET /', true],
  ['beginsWith', 'GET', 'get /', false],
  ['endsWith', '.pdf', 'a.pdf', true],
  ['contains', '', '', true],
  ['containsWord', 'b', 'a b1', true],
  ['containsWord', 'b', 'abc b', true],
  ['within', '|GET|POST|', '|POST|', true],
  ['eq', '5', ' 5abc', true],
  ['eq', '0', 'abc', true],
  ['gt', '-2', '-1', true],
  ['lt', '10', '99999999999999999999', false],
  ['gt', '4294967295', '4294967296', true],
  ['pm', 'abc  DEF', 'xxdefxx', true],
  ['pm', 'x|41 42|y', 'XaBY', true],
  ['pm', '( | )', 'a|b', true],
  ['pm', '"a\\:b c"', 'a:b', true],
  ['pm', 'C:\\dir', 'c:\\DIR\\x', true],
  ['pmFromFile', 'words.data', 'has TWO WORDS here', true],
  ['pmFromFile', 'words.data', '# sample', false],
  ['ipMatch', '127.0.0.1,::1', '::1', true],
  ['ipMatch', '127.0.0.1, ::1', '127.0.0.1', true],
  ['ipMatch', '192.168.0.0/16', '192.168.255.1', true],
  ['ipMatch', '192.168.0.0/255.255.0.0', '192.169.0.1', false],
  ['ipMatch', '10.0.0.0/8', '::ffff:10.1.2.3', true],
  ['ipMatch', '0.0.0.0/0', '::1', false],
  ['ipMatch', 'fe80::/10', 'febf::1%eth0', true],
  ['ipMatch', '1.2.3.4/31', '1.2.3.6', false],
  ['ipMatch', '1.2.3.4', '1.2.3.4.5', false],
  ['ipMatchFromFile', 'networks.txt', '10.20.30.40', true],
  ['ipMatchFromFile', 'networks.txt', '2001:db8:1::', true],
  ['validateByteRange', '32-126', 'plain', false],
  ['validateByteRange', '32-126,9', 'tab\t', false],
  ['validateByteRange', '1-255', 'a\0', true],
  ['validateByteRange', '0-255', '\0\xff', false],
  ['validateByteRange', '45,92,93,94', ']\\^-', false],
  ['validateUrlEncoding', '', '100%', true],
  ['validateUrlEncoding', '', '%4g', true],
  ['validateUrlEncoding', '', '%41', false],
  ['validateUtf8Encoding', '', '\xc0\xaf', true],
  ['validateUtf8Encoding', '', '\xed\xa0\x80', true],
  ['validateUtf8Encoding', '', '\xf4\x90\x80\x80', true],
  ['validateUtf8Encoding', '', '\xe2\x82\xac', false],
  ['verifyCC', '\\d{13,16}', 'card 4111111111111111.', true],
  ['verifyCC', '\\b\\d{16}\\b', 'card 4111111111111112.', false],
  ['verifyCC', '\\d{16}', '94111111111111111', true],
  ['verifyCPF', '[0-9.-]{11,14}', '529.982.247-25', true],
  ['verifyCPF', '[0-9.-]{11,14}', '111.111.111-11', false],
  ['verifySSN', '\\d{3}-\\d{2}-\\d{4}', '123-45-6789', false],
  ['verifySSN', '\\d{3}-\\d{2}-\\d{4}', '666-45-6780', false],
  ['verifySVNR', '\\d{10}', '1237010180', true],
  ['rx', '^a.c$', 'a\nc', true],
  ['rxGlobal', 'b+', 'abba', true],
  ['rsub', 's/b+/c/', 'abba', true],
  ['unconditionalMatch', '', '', true],
  ['noMatch', '', '', false],
]

suite('operators', () => {
  for (const [name, argument, value, expected] of cases)
    test(`${name} ${JSON.stringify(argument)} of ${JSON.stringify(value)} is ${expected}`, () => {
      assert.equal(make(name, argument).test(value), expected)
    })

  test('what cannot be read is refused with its file and line', () => {
    refused('ipMatch', '300.1.1.1', 'operator-argument')
    refused('ipMatch', '10.0.0.0/33', 'operator-argument')
    refused('ipMatch', '10.0.0.0/255.0.255.0', 'operator-argument')
    refused('validateByteRange', '1-256', 'operator-argument')
    refused('validateByteRange', '9-1', 'operator-argument')
    refused('validateByteRange', 'x', 'operator-argument')
    refused('rsub', 'b+', 'operator-argument')
    refused('pmFromFile', 'absent.data', 'file-missing')
    refused('ipMatchFromFile', 'https://example.com/list', 'file-missing')
    refused('rx', '(', 'pattern-malformed')
  })

  test('what needs a host that is not there is refused when loaded', () => {
    for (const name of ['geoLookup', 'rbl', 'inspectFile', 'fuzzyHash', 'gsbLookup'] as const)
      refused(name, 'words.data 1', 'host-missing')
    for (const name of ['validateDTD', 'validateSchema', 'validateHash'] as const)
      refused(name, 'words.data', 'host-missing')
  })

  test('block lists are asked for the address backwards', () => {
    const asked: string[] = []
    const listed = (name: string): boolean => asked.push(name) > 0
    const operator = make('rbl', 'list.example', { listed })
    assert.ok(operator.test('192.0.2.1'))
    operator.test('2001:db8::1')
    operator.test('::ffff:192.0.2.1')
    operator.test('mail.example.com')
    assert.equal(operator.test('not a name'), false)
    assert.deepEqual(asked, [
      '1.2.0.192.list.example',
      '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.example',
      '1.2.0.192.list.example',
      'mail.example.com.list.example',
    ])
  })

  test('a place that is known fills GEO', () => {
    const geo = (address: string) => (address === '192.0.2.1' ? { COUNTRY_CODE: 'ZZ' } : null)
    const operator = make('geoLookup', '', { geo })
    assert.ok(operator.test('192.0.2.1'))
    assert.deepEqual(operator.fields?.('192.0.2.1'), { COUNTRY_CODE: 'ZZ' })
    assert.equal(operator.test('192.0.2.2'), false)
  })

  test('captures say what stood where', () => {
    assert.deepEqual(make('pm', 'b cd').capture?.('xxCDb'), { groups: ['CD'], index: 2 })
    assert.deepEqual(make('contains', 'b').capture?.('ab'), { groups: ['b'], index: 1 })
    assert.deepEqual(make('rx', '(b)(c)?').capture?.('ab'), { groups: ['b', 'b', ''], index: 1 })
    assert.deepEqual(make('rxGlobal', 'a(.)').capture?.('abac')?.groups, ['ac', 'c'])
    assert.deepEqual(make('verifyCC', '\\d{16}').capture?.('n 4111111111111111'), {
      groups: ['4111111111111111'],
      index: 2,
    })
  })

  test('a substitution puts groups in the place of matches', () => {
    const rewrite = make('rsub', 's/(a)(B)/\\2-\\1/i').rewrite
    assert.equal(rewrite?.('xabyABz'), 'xb-ayB-Az')
  })
})

suite('phrases', () => {
  test('are found alike however many there are', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'B', '.', '\\', '\xe9', '\xc9', '['),
      minLength: 1,
      maxLength: 3,
    })
    const files = (phrases: readonly Bytes[]) => ({
      readFile: () => phrases.map((one) => `${one}\n`).join(''),
    })
    const many = Array.from({ length: 40 }, (_, index) => `#${index}`.repeat(9).slice(1))
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), fc.array(text), (phrases, value) => {
        const joined = value.join('')
        const found = make('pmFromFile', 'few', files(phrases)).test(joined)
        assert.equal(make('pmFromFile', 'many', files([...phrases, ...many])).test(joined), found)
      }),
    )
  })
})

suite('numbers', () => {
  test('are read as far as they are any', () => {
    fc.assert(
      fc.property(fc.integer(), fc.string({ unit: fc.constantFrom('a', '.', ' ', '-') }), (number, rest) => {
        assert.equal(readNumber(`\t ${number}${rest}`), number)
        assert.equal(readNumber(`x${number}`), 0)
      }),
    )
    assert.equal(readNumber('9'.repeat(400)), Number.POSITIVE_INFINITY)
  })
})

/** Whether the value holds what must be held; written from what `Needs` says alone. */
function meets(needs: Needs, value: Bytes): boolean {
  const small = value.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  const codes = Array.from(value, (character) => character.charCodeAt(0))
  return (
    value.length >= needs.lengthMin &&
    needs.bytes.every((set) => codes.some((code) => (((set[code >> 5] ?? 0) >>> (code & 31)) & 1) === 1)) &&
    needs.literals.every((group) => group.some((literal) => small.includes(literal)))
  )
}

suite('what operators need', () => {
  test('is held by every value that they match', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'A', 'b', ' ', '%', '\xe9', '4'), maxLength: 6 })
    const named = fc.constantFrom<OperatorName>(
      ...(['beginsWith', 'contains', 'containsWord', 'endsWith', 'pm', 'streq', 'strmatch'] as const),
      ...(['within', 'validateUrlEncoding', 'validateUtf8Encoding', 'detectXSS', 'detectSQLi'] as const),
    )
    fc.assert(
      fc.property(named, text, text, text, (name, argument, before, after) => {
        const operator = make(name, argument)
        for (const value of [before, argument, `${before}${argument}${after}`, argument.toUpperCase()])
          if (operator.test(value) && operator.needs !== null)
            assert.ok(meets(operator.needs, value), `${name}: ${value}`)
      }),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), text, (a, b, value) => {
        const operator = make('validateByteRange', `${Math.min(a, b)}-${Math.max(a, b)}`)
        if (operator.test(value) && operator.needs !== null) assert.ok(meets(operator.needs, value))
      }),
    )
  })
})
