import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyBytes, millisecondsOf, piecesOf } from './bytes.fixture.ts'
import { readMultipart } from './multipart.ts'

const limits = { argumentsMax: 20_000, filesMax: 100 }
const TYPE = 'multipart/form-data; boundary=B'
const FIELD = 'Content-Disposition: form-data; name="a"'

function read(text: string, type = TYPE) {
  return readMultipart(type, text, limits)
}

/** The flags that a body with one field comes to. */
function flagsOf(text: string, type = TYPE): readonly string[] {
  return [...read(text, type).flags].map((flag) => flag.slice('MULTIPART_'.length)).sort()
}

function body(head: string): string {
  return `--B\r\n${head}\r\n\r\nv\r\n--B--\r\n`
}

test('fields and files come out as they were put in', () => {
  const name = fc.stringMatching(/^[a-z\\" ]{1,10}$/)
  const content = anyBytes.filter((text) => !text.includes('--B'))
  const part = fc.record({ name, filename: fc.option(fc.stringMatching(/^[a-z]{1,8}\.php$/)), content })
  const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const text = parts.map((made) => {
        const filename = made.filename === null ? '' : `; filename=${quoted(made.filename)}`
        return `--B\r\nContent-Disposition: form-data; name=${quoted(made.name)}${filename}\r\n\r\n${made.content}\r\n`
      })
      const got = read(`${text.join('')}--B--\r\n`)
      assert.equal(got.error, null)
      assert.deepEqual(
        [...got.flags].filter((flag) => flag !== 'MULTIPART_UNMATCHED_BOUNDARY'),
        [],
      )
      const fields = parts.filter((made) => made.filename === null)
      assert.deepEqual(
        got.fields,
        fields.map((made) => [made.name, made.content]),
      )
      const files = parts.filter((made) => made.filename !== null)
      assert.deepEqual(
        got.files,
        files.map((made) => ({ ...made })),
      )
    }),
  )
})

test('header lines stand under the name of their part', () => {
  const got = read(body(`${FIELD}; filename="x.txt"\r\nContent-Type: text/plain`))
  assert.deepEqual(got.partHeaders, [
    ['a', `${FIELD}; filename="x.txt"`],
    ['a', 'Content-Type: text/plain'],
  ])
  assert.deepEqual([got.names, got.filenames], [['a'], ['x.txt']])
})

test('every oddity has its flag', () => {
  const cases: readonly (readonly [text: string, type: string, flags: readonly string[]])[] = [
    [body(FIELD), TYPE, []],
    [body(FIELD), 'multipart/form-data; boundary="B"', ['BOUNDARY_QUOTED', 'STRICT_ERROR']],
    [body(FIELD), 'multipart/form-data; boundary = B', ['BOUNDARY_WHITESPACE', 'STRICT_ERROR']],
    [body(FIELD), 'multipart/form-data boundary=B', ['MISSING_SEMICOLON', 'STRICT_ERROR']],
    [body(FIELD).replaceAll('\r\n', '\n'), TYPE, ['LF_LINE', 'STRICT_ERROR']],
    [body(FIELD).replace('\r\n', '\n'), TYPE, ['CRLF_LF_LINES', 'LF_LINE', 'STRICT_ERROR']],
    [`x\r\n${body(FIELD)}`, TYPE, ['DATA_BEFORE', 'STRICT_ERROR']],
    [`${body(FIELD)}x`, TYPE, ['DATA_AFTER', 'STRICT_ERROR']],
    [body('Content-Disposition: form-data;\r\n name="a"'), TYPE, ['HEADER_FOLDING', 'STRICT_ERROR']],
    [
      body('Content-Disposition: form-data;\r\n\vname="a"'),
      TYPE,
      ['HEADER_FOLDING', 'INVALID_HEADER_FOLDING', 'STRICT_ERROR'],
    ],
    [body(FIELD.replaceAll('"', "'")), TYPE, ['INVALID_QUOTING', 'STRICT_ERROR']],
    [body(`${FIELD}; filename="it's"`), TYPE, []],
    [body(`${FIELD}; filename=it's`), TYPE, ['INVALID_QUOTING', 'STRICT_ERROR']],
    [body(`${FIELD}; filename=it is`), TYPE, ['INVALID_QUOTING', 'STRICT_ERROR']],
    [body('X: y'), TYPE, ['INVALID_PART', 'STRICT_ERROR']],
    [body(FIELD).replace('\r\nv', '\r\nv\r\n--C'), TYPE, ['UNMATCHED_BOUNDARY']],
  ]
  for (const [text, type, flags] of cases) assert.deepEqual(flagsOf(text, type), flags, type + text)
})

test('a body that is not well formed is an error, and is read on', () => {
  const malformed = [
    body(`${FIELD}x`),
    body(`${FIELD}; name="b"`),
    body(`${FIELD}\r\nX: 1\r\nx: 2`),
    body(`no colon\r\n${FIELD}`),
    body(`\x0e${FIELD}\r\n${FIELD}`),
    body(`Content-Disposition: attachment; name="a"`),
    body(FIELD).replace('--B--\r\n', ''),
    body(FIELD).replace('--B\r\n', '--B  \r\n'),
    body(FIELD).replace('\r\nv', '\r\n--Bx\r\nv'),
  ]
  for (const text of malformed) {
    const got = read(text)
    assert.match(got.error ?? '', /^Multipart parsing error: Multipart: /, text)
    assert.ok(got.flags.has('MULTIPART_STRICT_ERROR'), text)
    assert.match(got.fields[0]?.[1] ?? '', /v/, text)
  }
})

test('a boundary that is missing, doubled, half quoted or malformed is an error', () => {
  const types = [
    'multipart/form-data',
    'multipart/form-data; boundary',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary="B',
    'multipart/form-data; boundary=B; boundary=C',
    'multipart/form-data junk; boundary=B',
    'multipart/form-data; boundary=B\x01',
    'text/plain; boundary=B',
  ]
  for (const type of types) assert.notEqual(read(body(FIELD), type).error, null, type)
  for (const type of [
    'Multipart/Form-Data; Boundary=B',
    'multipart/form-data; charset=utf-8; boundary=B; x=y',
  ])
    assert.deepEqual(
      [read(body(FIELD), type).error, read(body(FIELD), type).fields],
      [null, [['a', 'v']]],
      type,
    )
})

test('both names of a file count (RFC 5987)', () => {
  const got = read(body(`${FIELD}; filename="x.txt"; filename*=UTF-8''%78%2ephp`))
  assert.deepEqual(
    got.files.map((file) => [file.filename, file.content]),
    [
      ['x.txt', 'v'],
      ['x.php', ''],
    ],
  )
})

test('an escaped quote is part of a name, and a byte above 127 at its end stays', () => {
  assert.deepEqual(read(body('Content-Disposition: form-data; name="a\\"b\\\\c\\d\xc3\xa0"')).names, [
    'a"b\\c\\d\xc3\xa0',
  ])
})

test('a longer boundary within a part is data of that part', () => {
  const inner = '--Binner\r\nContent-Disposition: form-data; name="hidden"\r\n\r\nx'
  const got = read(`--B\r\n${FIELD}\r\n\r\n${inner}\r\n--B--`)
  assert.deepEqual(got.fields, [['a', inner]])
  assert.notEqual(got.error, null)
})

test('files and fields over their limits are left out and said to be', () => {
  const file = `--B\r\n${FIELD}; filename="x"\r\n\r\nv\r\n`
  const got = readMultipart(TYPE, `${file.repeat(3)}--B--`, { argumentsMax: 1, filesMax: 2 })
  assert.equal(got.files.length, 2)
  assert.ok(got.flags.has('MULTIPART_FILE_LIMIT_EXCEEDED'))
  const fields = readMultipart(TYPE, `${`--B\r\n${FIELD}\r\n\r\nv\r\n`.repeat(3)}--B--`, {
    argumentsMax: 1,
    filesMax: 2,
  })
  assert.deepEqual([fields.fields.length, fields.overflow], [1, true])
})

test('any bytes are read or refused, never thrown at', () => {
  const pieces = piecesOf(
    '--B',
    '--B--',
    '\r\n',
    '\n',
    FIELD,
    '; ',
    'filename=',
    '"',
    "'",
    '\\',
    'X: y',
    ' ',
    '\0',
    '\r\n\r\n',
    '=',
  )
  fc.assert(
    fc.property(fc.oneof(anyBytes, pieces), fc.oneof(fc.constant(TYPE), anyBytes), (text, type) => {
      read(text, type)
      read(text, `multipart/form-data; boundary=${type}`)
    }),
    { numRuns: 2000 },
  )
})

test('10,000 parts, and 64 KB of what may look like a boundary, take little time', () => {
  const part = `--B\r\n${FIELD}\r\n\r\nv\r\n`
  assert.ok(
    millisecondsOf(() => assert.equal(read(`${part.repeat(10_000)}--B--`).fields.length, 10_000)) < 500,
  )
  const dashes = `multipart/form-data; boundary=${'-'.repeat(900)}`
  for (const piece of [
    '-',
    '\n--',
    '\n',
    '\n--B ',
    `\n--B\n${FIELD}; `,
    `--B\n${FIELD}\n `,
    '--B\n \n',
    "';",
    '"\\',
  ])
    for (const type of [TYPE, dashes])
      assert.ok(
        millisecondsOf(() => void read(`--B\n${piece.repeat(65_536 / piece.length)}`, type)) < 500,
        piece,
      )
  assert.ok(millisecondsOf(() => void read(`--B${' '.repeat(65_536)}x`)) < 500)
})
