import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Bytes } from '../model.ts'
import type { TransformationName } from '../names.ts'
import { transformations } from './index.ts'

const names = Object.keys(transformations) as TransformationName[]

/** Bytes of any kind, and pieces that transformations act on. */
const piece = fc.constantFrom(
  ...'% %u %41 %uff1c + \\ \\u0041 \\x \\1 & &# &#x4 &lt ; 0x4 / // /. /../ .. /* */ <!-- --> -- #'.split(
    ' ',
  ),
  ...' |\t|\r\n|\0|\xa0|\xc2|\xe2\x80\x99|\xf0|A|z|7|"|^|,|(|[|]|.|='.split('|'),
)
const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
const bytes: fc.Arbitrary<Bytes> = fc
  .array(fc.oneof(piece, byte), { maxLength: 40 })
  .map((all) => all.join(''))

suite('every transformation', () => {
  test('gives bytes for bytes', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom(...names), (value, name) => {
        assert.ok(
          Array.from(transformations[name](value)).every((character) => character.charCodeAt(0) < 256),
        )
      }),
    )
  })

  test('leaves a plain word as it is, unless it is one that encodes', () => {
    const encoders = /^(base64.*|hex.*|length|md5|sha1|parity(Even|Odd)7bit)$/
    for (const name of names) {
      const word = name === 'uppercase' ? 'WORD' : 'word'
      assert.equal(transformations[name](word) === word, !encoders.test(name), name)
    }
  })

  test('makes nothing longer than its kind does', () => {
    const growth: Partial<Record<TransformationName, (length: number) => number>> = {
      base64Encode: (length) => 4 * Math.ceil(length / 3),
      hexEncode: (length) => 2 * length,
      length: () => 2,
      md5: () => 16,
      removeComments: (length) => length + 1,
      sha1: () => 20,
      urlEncode: (length) => 3 * length,
      utf8toUnicode: (length) => 3 * length,
    }
    fc.assert(
      fc.property(bytes, fc.constantFrom(...names), (value, name) => {
        const most = growth[name]?.(value.length) ?? value.length
        assert.ok(transformations[name](value).length <= most, name)
      }),
    )
  })

  test('those that bring a value into one form change that form no more', () => {
    const normalizers = names.filter((name) =>
      /^(lowercase|uppercase|trim.*|cmdLine|compressWhitespace|removeNulls|replaceNulls|normalizePath(Win)?|parityZero7bit)$/.test(
        name,
      ),
    )
    fc.assert(
      fc.property(bytes, fc.constantFrom(...normalizers), (value, name) => {
        const once = transformations[name](value)
        assert.equal(transformations[name](once), once, name)
      }),
    )
  })

  test('those that encode are undone by those that decode', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        assert.equal(transformations.urlDecode(transformations.urlEncode(value)), value)
        assert.equal(transformations.hexDecode(transformations.hexEncode(value)), value)
        assert.equal(transformations.base64Decode(transformations.base64Encode(value)), value)
        assert.equal(transformations.base64DecodeExt(transformations.base64Encode(value)), value)
      }),
    )
  })

  test('takes time in proportion to hostile values', { timeout: 60_000 }, () => {
    const units =
      '% %u %u00 & &# &#0 &#9 &#x \\ \\u00 \\1 \\0a /../ ./ // a../ /* /**/ */ <!-- - # 0x 0x41 a[ ='.split(
        ' ',
      )
    for (const name of names)
      for (const unit of [...units, ' ', ' /', '\t ', '\0', '\xe2', '\xf0\x80', 'A\xc0']) {
        const value = unit.repeat(Math.ceil(262_144 / unit.length))
        const before = process.cpuUsage()
        transformations[name](value)
        const used = process.cpuUsage(before)
        // 256 KB; anything quadratic takes minutes.
        assert.ok(used.user + used.system < 1_000_000, `${name} of ${unit}`)
      }
  })
})

suite('what decoders make of evasions', () => {
  const cases: readonly (readonly [TransformationName, Bytes, Bytes])[] = [
    ['urlDecodeUni', '%u003cscript%u003e', '<script>'],
    ['urlDecodeUni', '%uff1cscript%uff1e', '<script>'],
    ['urlDecodeUni', '%u2018 or %u2019', "' or '"],
    ['urlDecodeUni', '%u0441%uzzzz%u12', 'A%uzzzz%u12'],
    ['urlDecodeUni', '%u015e%u0142', 'Sl'],
    ['utf8toUnicode', '\xc0\xae\xc0\xaf', '%u002e%u002f'],
    ['utf8toUnicode', 'a\xe2\x80\x98\xff\xe2\x80', 'a%u2018\xff\xe2\x80'],
    ['utf8toUnicode', '\xf0\x9f\x98\x80', '%u1f600'],
    ['htmlEntityDecode', '&#00060;&#x3cscript&GT;', '<<script>'],
    ['htmlEntityDecode', '&#99999999999999999999999;', '\xff'],
    ['jsDecode', '\\u003cb\\x3e\\74\\477', "<b><'7"],
    ['cssDecode', '\\65 xpression\\00003c', 'expression<'],
    ['sqlHexDecode', '0x414243,0xz,0x4', 'ABC,0xz,0x4'],
    ['cmdLine', 'c^at  "/etc/pass\\wd"; ID (x)', 'cat/etc/passwd id(x)'],
    ['normalizePath', '/a/./b/../../etc//passwd', '/etc/passwd'],
    ['normalizePath', '/..', ''],
    ['normalizePath', '/a.b/...', '/a.b/...'],
    ['normalizePathWin', 'c:\\a\\..\\..\\windows', 'windows'],
    ['removeWhitespace', 'a\xc2\xa0b\xa0c \td', 'abcd'],
    ['replaceComments', 'UNION/*x*/SELECT/*', 'UNION SELECT '],
    ['removeComments', 'a<!-- b -->c--d', 'ac'],
    ['base64Decode', 'PHNjcmlwdD4', '<script>'],
    ['base64DecodeExt', 'P.HNj\ncm=lwdD4', '<script>'],
    ['phpArgsNames', ' a.b[c][ ]x', 'a_b[c][]'],
    ['lowercase', 'ABC\xc0', 'abc\xc0'],
    ['hexDecode', '3c7', '<'],
  ]
  for (const [name, value, expected] of cases)
    test(`${name} of ${JSON.stringify(value)}`, () => {
      assert.equal(transformations[name](value), expected)
    })
})

test('base64Decode gives what the runtime makes of the longest beginning that it can decode', () => {
  const letters = fc.string({ unit: fc.constantFrom(...Array.from('ABCDabcxyz0189+/\r\n= -\xff')) })
  fc.assert(
    fc.property(letters, (value) => {
      const [beginning = ''] = /^[A-Za-z0-9+/\r\n]*/.exec(value) ?? []
      assert.equal(transformations.base64Decode(value), Buffer.from(beginning, 'base64').toString('latin1'))
    }),
    { numRuns: 500 },
  )
})
