import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyBytes, millisecondsOf, piecesOf } from './bytes.fixture.ts'
import { readXml } from './xml.ts'
import { readXPath, xmlArguments } from './xpath.ts'

const limits = { depthMax: 256, nodesMax: 100_000 }

function select(text: string, path: string): readonly string[] {
  const xpath = readXPath(path)
  assert.ok(xpath)
  return xpath(readXml(text, limits).document)
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

test('text and attribute values come out as they were put in', () => {
  const plain = fc.string({ maxLength: 20 })
  fc.assert(
    fc.property(plain, plain, plain, (first, second, attribute) => {
      const text = `<a x="${escape(attribute)}">${escape(first)}<b>${escape(second)}</b></a>`
      assert.equal(readXml(text, limits).error, null)
      assert.deepEqual(select(text, '/*'), [first + second])
      assert.deepEqual(select(text, '//@*'), [attribute])
    }),
  )
})

test('character data is all text below the root: sections and references, not comments', () => {
  assert.deepEqual(select('<a x="1"><b y="2">t<!-- c --><![CDATA[<k>]]></b> &lt;&#65;&#xe9; </a>', '/*'), [
    't<k> <A\xc3\xa9 ',
  ])
})

test('paths choose elements, attributes and text by name', () => {
  const text = '<r xmlns:s="urn:x"><s:a id="1" s:k="2">x<b>y</b></s:a><a id="3">z</a></r>'
  assert.deepEqual(select(text, '//a'), ['xy', 'z'])
  assert.deepEqual(select(text, '//s:a'), ['xy'])
  assert.deepEqual(select(text, '/r/a/text()'), ['x', 'z'])
  assert.deepEqual(select(text, '/r/a//text()'), ['x', 'y', 'z'])
  assert.deepEqual(select(text, '//@id'), ['1', '3'])
  assert.deepEqual(select(text, '//@*'), ['1', '2', '3'])
  assert.deepEqual(select(text, '/a'), [])
  for (const path of ['', '/', 'a', '/a[1]', '/a/', '//@x/y', '/text(', '/a|/b', 'id("x")'])
    assert.equal(readXPath(path), null, path)
})

test('documents become arguments by path', () => {
  const { document } = readXml('<s:r><a>1</a><b><c/>mixed</b></s:r>', limits)
  assert.deepEqual(xmlArguments(document, 10).pairs, [
    ['xml.r.a', '1'],
    ['xml.r.b', 'mixed'],
    ['xml.r.b.c', ''],
  ])
  assert.equal(xmlArguments(document, 2).overflow, true)
})

test('nothing outside of the document is read', () => {
  const external =
    '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM "http://192.0.2.1/">%p;]>'
  assert.deepEqual(select(`${external}<a>x&e;y</a>`, '/*'), ['xy'])
  assert.equal(readXml('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a>x</a>', limits).error, null)
})

test('entities of the document are replaced, with the markup in them', () => {
  const text = '<!DOCTYPE a [<!ENTITY e "EXP <i k=\'v\'>z</i>"><!ENTITY f "&e;!">]><a>x&f;y</a>'
  assert.deepEqual(select(text, '/*'), ['xEXP z!y'])
  assert.deepEqual(select(text, '//@*'), ['v'])
})

test('entities that grow without end are refused', () => {
  const lines = Array.from({ length: 30 }, (_, at) => `<!ENTITY e${at + 1} "${`&e${at};`.repeat(10)}">`)
  const bomb = `<!DOCTYPE a [<!ENTITY e0 "ha">${lines.join('')}]><a>&e9;</a>`
  for (const text of [bomb, bomb.replace('&e9;', '').replace('<a>', '<a k="&e9;">')])
    assert.ok(millisecondsOf(() => assert.match(readXml(text, limits).error ?? '', /grow/)) < 1000)
  assert.match(readXml('<!DOCTYPE a [<!ENTITY e "&e;">]><a>&e;</a>', limits).error ?? '', /within/)
})

test('a declaration is one or an error', () => {
  const declared = (text: string): string | null => readXml(`${text}<a/>`, limits).error
  for (const text of [
    '<?xml version="1.0"?>',
    "<?xml version = '1.1' encoding='utf-8' standalone=\"no\" ?>\n",
    '<?xml-stylesheet href="a"?><?x?>',
  ])
    assert.equal(declared(text), null, text)
  for (const text of [
    '<?xml?>',
    '<?xml vversion="1.0"?>',
    '<?xml version=:"1.0"?>',
    '<?xml encoding="utf-8"?>',
    '<?XML version="1.0"?>',
    '<?xm; version="1.0"?>',
    '<? ?>',
  ])
    assert.ok(declared(text), text)
})

test('what is not well formed is an error, and what stood before it was read', () => {
  const malformed = [
    '',
    'text',
    '<a>x',
    '<a>x</b>',
    '<a>x</a>junk',
    '<a/><b/>',
    ' <?xml version="1.0"?><a/>',
    '<a b=1/>',
    '<a b="1" b="2"/>',
    '<a b="<"/>',
    '<a>&u;</a>',
    '<a>&#0;</a>',
    '<a>]]></a>',
    '<a>\xff</a>',
    '<a>\x00</a>',
    '<?xml version="1.0" encoding="utf-7"?><a/>',
  ]
  for (const text of malformed) assert.match(readXml(text, limits).error ?? '', /^XML parsing error: /, text)
  assert.deepEqual(select('<a>x</b>', '/*'), ['x'])
})

test('other encodings come out as UTF-8', () => {
  assert.deepEqual(select('<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>', '/*'), ['\xc3\xa9'])
  const wide = Buffer.from('\ufeff<a>é</a>', 'utf16le').toString('latin1')
  assert.deepEqual(select(wide, '/*'), ['\xc3\xa9'])
})

test('any bytes are read or refused, never thrown at', () => {
  const pieces = piecesOf(
    '<a>',
    '</a>',
    '<b/>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '&amp;',
    '&',
    '<!DOCTYPE a [',
    ']>',
    '<!ENTITY e "x">',
    '&e;',
    ' k="v"',
    '<a',
    '>',
    '"',
  )
  fc.assert(
    fc.property(fc.oneof(anyBytes, pieces), (text) => void readXml(text, limits)),
    { numRuns: 2000 },
  )
})

test('64 KB of nesting, attributes or openings take little time', () => {
  for (const piece of ['<a>', '<a ', '<!--', '&#65;', '<', '<a b="', '<![CDATA[', '<a/>', '</a>', '<?x'])
    for (const start of ['', '<r>', '<!DOCTYPE a ['])
      assert.ok(
        millisecondsOf(() => void readXml(start + piece.repeat(65_536 / piece.length), limits)) < 500,
        start + piece,
      )
  const attributes = Array.from({ length: 9000 }, (_, at) => ` a${at}=""`).join('')
  assert.ok(millisecondsOf(() => void readXml(`<a${attributes}/>`, limits)) < 500)
})
