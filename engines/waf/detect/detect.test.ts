import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { millisecondsOf } from '../parse/bytes.fixture.ts'
import { detectSqli, detectXss, mayBeSqli, mayBeXss } from './index.ts'

const bytes = fc
  .uint8Array({ maxLength: 400 })
  .map((array) => Buffer.from(array.buffer, array.byteOffset, array.length).toString('latin1'))

/** Bytes of which SQL and HTML consist, so that random values get far. */
const pieces = fc
  .array(
    fc.constantFrom(
      ..."' \" ` ( ) -- # /* */ /*! /*!50000 ; , = < > <= || && @ @@x 1 0x1f 'a' x union select from where and or not in like is null order by group having limit case when then else end sleep( version() $$ $a$ q'[ [ ] { } : :: \\ \n \0 <a <script > <!-- --> on onclick= href= style= javascript: &#106; &colon; {{ }}".split(
        ' ',
      ),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(' '))

test('a value without a byte that the detectors ask for is nothing to them', () => {
  const without = (value: string, may: (byte: number) => boolean): string =>
    Array.from(value)
      .filter((byte) => !may(byte.charCodeAt(0)))
      .join('')
  fc.assert(
    fc.property(
      fc.oneof(
        bytes,
        pieces,
        pieces.map((text) => text.replaceAll(' ', '')),
      ),
      (value) => {
        assert.equal(detectSqli(without(value, mayBeSqli)), null)
        assert.equal(detectXss(without(value, mayBeXss)), false)
      },
    ),
  )
})

test('no bytes make the detectors throw', () => {
  fc.assert(
    fc.property(fc.oneof(bytes, pieces), (value) => {
      detectSqli(value)
      detectXss(value)
    }),
    { numRuns: 3000 },
  )
})

/** Attacks with a blank wherever a comment or other blank may stand. */
const sqlFamilies = [
  '1 or 1=1',
  "x' or '1'='1",
  "x' or 1=1 -- ",
  'x" and "a"="a',
  "x') or ('a'='a",
  '-1 union select 1,2,3',
  "x' union all select null,version() -- ",
  '1 and ( select count(*) from users ) > 0',
  "x' ; drop table users -- ",
  "1 ; exec xp_cmdshell 'dir'",
  "x' and sleep(5) -- ",
  "x' ; waitfor delay '0:0:5' -- ",
  "x' order by 5 -- ",
  '1 group by 1 having 1=1',
  "x' || ( select version() ) || '",
  '( case when 1=1 then 1 else 2 end )',
  "x' and extractvalue(1,concat(1,version())) and '1",
  "1 into outfile '/tmp/a'",
]
const sqlBlanks = [' ', '  ', '\t', '\n', '\r\n', '\f', '/**/', ' /* x */ ', '\v', '\xa0']

function mixCase(text: string, mask: bigint): string {
  return Array.from({ length: text.length }, (_, index) => {
    const character = text.charAt(index)
    return (mask >> BigInt(index % 64)) & 1n ? character.toUpperCase() : character
  }).join('')
}

test('every family of SQL injection is found in any case, with any blank or comment between its words', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...sqlFamilies),
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      fc.array(fc.constantFrom(...sqlBlanks), { minLength: 1, maxLength: 5 }),
      (attack, mask, blanks) => {
        let at = 0
        const line = attack.endsWith('-- ')
        const body = line ? attack.slice(0, -3) : attack
        const value = mixCase(body, mask).replaceAll(' ', () => blanks[at++ % blanks.length] ?? ' ')
        assert.notEqual(detectSqli(line ? `${value}-- ` : value), null, JSON.stringify(value))
      },
    ),
    { numRuns: 3000 },
  )
})

test('expressions without a word of prose are found by their structure', () => {
  const attacks = [
    '1 or (2)',
    'ascii(substring(version(),1,1))',
    '(select id from users)',
    "x' + (true)",
    '1 /*!and*/ 2',
    '1/**/',
    "x'),('y','z')",
    "exec('a'+'b')",
    "x' and if(1=1,benchmark(1,md5('",
  ]
  for (const attack of attacks) assert.notEqual(detectSqli(attack), null, attack)
})

test('what says how many, how large or where is no SQL', () => {
  const values = [
    '12 and 24 is 24',
    '12 in (30 cm)',
    'necklace length 16" or 18"',
    '/shop/union all/2',
    'sin(x) + cos(y)',
    '#8 union',
    'Union Select',
    '1),(1',
  ]
  for (const value of values) assert.equal(detectSqli(value), null, value)
})

const markupFamilies = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '` onfocus=alert(1) autofocus x=`',
  'x onclick=alert(1)',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="jav&#x09;ascript&colon;alert(1)">x</a>',
  '<iframe srcdoc="x">',
  '<div style="width:expression(alert(1))">',
  '<math><a xlink:href="javascript:alert(1)">x',
  '<meta http-equiv=refresh content="0">',
  '<base href=//x>',
  '<form><button formaction=x>',
  '<!DOCTYPE x [<!ENTITY y "z">]>',
  "onerror='x'",
  '<x xmlns="x">',
  '" style=x ',
]
const markupBlanks = [' ', '\t', '\n', '\f', '  ']

test('every family of cross-site scripting is found in any case, with any blank, and with text before it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...markupFamilies),
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      fc.constantFrom(...markupBlanks),
      fc.constantFrom('', 'text', 'a < b ', '<b>x</b> '),
      (attack, mask, blank, before) => {
        const opens = attack.startsWith('<')
        const value = mixCase(attack, mask).replaceAll(' ', blank)
        assert.ok(detectXss(opens ? before + value : value), JSON.stringify(value))
      },
    ),
    { numRuns: 3000 },
  )
})

const names = [
  "O'Brien",
  "D'Angelo",
  'Müller',
  "Jean-Luc d'Arc",
  'Smith & Sons',
  'van der Berg',
  "N'Golo",
  'Zoë "Z" Park',
]
const sentences = [
  "I'd like to select a union, or maybe join one",
  'drop table 5 at the restaurant -- thanks',
  "it's 5 o'clock and we're late",
  'He said "yes" and she said "no" or so',
  "Ich hab's (noch) nicht gesehen, weil's zu spät war",
  "C'est l'été, n'est-ce pas ? J'ai trouvé ça « bien »",
  'Please insert the coin into slot 3; update me when done',
  "The '90s were great: rock 'n' roll, 12\" vinyl and 7\" singles",
  'a < b and c > d, I <3 you',
  'Use `npm install` and then *enjoy* **it** (really) #wow',
  '- item 1\n- item "two"\n\n> quoted\n\n# Heading',
  'if (a == b) { return c; } // done',
  'const x = [1, 2, 3].map((n) => n * 2);',
  'List<String> xs = new ArrayList<>(); Map<K, V> m;',
  'What is the difference between UNION and UNION ALL in SQL?',
  'R&D costs 20% of $5.00; tax (7.7%) included',
  '&lt;script&gt; is written with entities, &amp; so on',
  'See https://example.com/?a=1&b=2#top or mail <sample@example.com>',
  '5\' 10" tall, size 12" x 14"',
  'order by phone, having fun, group by age, limit one each',
]
const joined = fc
  .array(fc.constantFrom(...sentences), { minLength: 2, maxLength: 4 })
  .map((parts) => parts.join('. '))
const harmless = fc.oneof(
  fc.constantFrom(...names, ...sentences),
  fc
    .tuple(fc.constantFrom(...names), fc.constantFrom(...sentences))
    .map(([name, text]) => `${name}: ${text}`),
  fc.float({ min: 0, max: 9999, noNaN: true }).map((price) => `${price.toFixed(2)} EUR (incl. VAT)`),
  fc.uuid(),
  fc.base64String({ maxLength: 60 }),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.emailAddress().filter((address) => !/['`#{}|=]|\/\*|--|\W@/u.test(address)),
  fc.json({ maxDepth: 1, stringUnit: fc.constantFrom('a', 'b', 'x', 'y', ' ') }),
)

const isFlagged = (value: string): boolean => {
  const text = Buffer.from(value, 'utf8').toString('latin1')
  return detectSqli(text) !== null || detectXss(text)
}

test('names, prose, prices, dates, code and talk of SQL are no attacks', () => {
  for (const value of [...names, ...sentences]) assert.equal(isFlagged(value), false, value)
  fc.assert(
    fc.property(harmless, (value) => assert.equal(isFlagged(value), false, value)),
    { numRuns: 5000 },
  )
})

test('an address is harmless with signs in it, and an expression where its host is a variable behind one', () => {
  for (const address of ['0!~a@a.aa', 'first+last@a.aa', '7&&b@a.aa', '0~*0@a.aa', '!$%&*@a.aa'])
    assert.equal(isFlagged(address), false, address)
  for (const address of ['0!~@a.aa', '4!~@qedw8tq6mk.xy', '7!~!!@a.my', '0!~+@a.qnk'])
    assert.equal(detectSqli(address), 'bare:expression', address)
})

test('of sentences about SQL put together at most one in a thousand is taken for an attack', () => {
  // Any two sentences may come to stand so that they make a statement; the sample is the same each time.
  const flagged = fc.sample(joined, { numRuns: 10_000, seed: 7 }).filter(isFlagged)
  assert.ok(flagged.length <= 10, `${flagged.length} of 10,000: ${flagged[0]}`)
})

const BYTES = 65_536

test('64 KB of any repeated piece is judged in a time that grows with its length alone', () => {
  const hostile = [
    "'",
    '"',
    '`',
    '<',
    '/*',
    '*/',
    '(',
    ')',
    '--\n',
    '#\n',
    '<a ',
    '<!--',
    '&#',
    '[',
    '$a',
    "q'[",
    '/*!',
    "1'",
    "''",
    '\\',
    '{{',
    'or 1 ',
    "' or ",
    '1,',
    '(select ',
    'union ',
    '@',
    '=',
    ';',
    'a=',
    'case ',
    '(1=1',
    "<a b='",
    '<?',
    "u&'",
    '$a$b',
    '1(',
    'sleep(',
    '`.',
  ]
  for (const piece of hostile) {
    const value = piece.repeat(Math.ceil(BYTES / piece.length))
    const used = millisecondsOf(() => {
      detectSqli(value)
      detectXss(value)
      detectSqli(`1${value}`)
      detectSqli(`x'${value}`)
      detectXss(`x" ${value}`)
    })
    assert.ok(used < 1000, `${JSON.stringify(piece)} took ${used} ms`)
  }
})

test('the answer names the context and the structure that was found', () => {
  assert.equal(detectSqli('1 or 1=1'), 'bare:condition')
  assert.equal(detectSqli("x' union select 1"), 'single:union-select')
  assert.equal(detectSqli('x"; drop table users --'), 'double:statement')
})
