import type { Bytes } from '../model.ts'
import type { Pair } from './pairs.ts'
import { readReference } from './xml-reference.ts'
import { type XmlCursor, XmlError, type XmlWalk } from './xml-walk.ts'

const NAME = /[A-Za-z_:\x80-\xff][\w:.\-\x80-\xff]*/y
const ATTRIBUTE = /[ \t\n]+([A-Za-z_:\x80-\xff][\w:.\-\x80-\xff]*)[ \t\n]*=[ \t\n]*(?:"([^"<]*)"|'([^'<]*)')/y
const TAG_END = /[ \t\n]*(\/?)>/y
const TEXT = /[^<&]+/y
const ENTITY_DEPTH_MAX = 16

/** Reads one tag, comment, instruction or section, the cursor standing on its `<`; and all that an opening tag begins. */
export function readMarkup(walk: XmlWalk, cursor: XmlCursor, entityDepth = 0): void {
  const depth = walk.open.length
  readOne(walk, cursor)
  while (walk.open.length > depth) readContent(walk, cursor, entityDepth)
}

function readOne(walk: XmlWalk, cursor: XmlCursor): void {
  const { text, at } = cursor
  if (text.startsWith('<!--', at)) skipTo(cursor, '-->', 4)
  else if (text.startsWith('<?', at)) readInstruction(cursor)
  else if (text.startsWith('<![CDATA[', at)) {
    if (walk.open.length === 0) throw new XmlError('text outside of the root element', at)
    const from = at + '<![CDATA['.length
    const end = skipTo(cursor, ']]>', '<![CDATA['.length)
    walk.addText(text.slice(from, end))
  } else if (text[at + 1] === '/') readClosing(walk, cursor)
  else readOpening(walk, cursor)
}

/** Goes behind `end` and gives where it stood. */
function skipTo(cursor: XmlCursor, end: Bytes, from: number): number {
  const found = cursor.text.indexOf(end, cursor.at + from)
  if (found === -1) throw new XmlError('premature end', cursor.at)
  cursor.at = found + end.length
  return found
}

const INSTRUCTION = /<\?[A-Za-z_:\x80-\xff][\w:.\-\x80-\xff]*(?=[ \t\n]|\?>)/y
const DECLARATION =
  /<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(?:"1\.\d+"|'1\.\d+')(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*(?:"[\w.-]+"|'[\w.-]+'))?(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\n]*\?>/y

function readInstruction(cursor: XmlCursor): void {
  INSTRUCTION.lastIndex = cursor.at
  const target = INSTRUCTION.exec(cursor.text)?.[0].slice(2).toLowerCase()
  if (target === undefined) throw new XmlError('instruction without a name', cursor.at)
  if (target === 'xml') {
    if (cursor.at > 0) throw new XmlError('declaration not at the beginning', cursor.at)
    DECLARATION.lastIndex = 0
    if (!DECLARATION.test(cursor.text)) throw new XmlError('malformed declaration', cursor.at)
  }
  skipTo(cursor, '?>', 2)
}

function nameAt(cursor: XmlCursor): Bytes {
  NAME.lastIndex = cursor.at
  const name = NAME.exec(cursor.text)?.[0]
  if (name === undefined) throw new XmlError('name expected', cursor.at)
  cursor.at += name.length
  return name
}

function tagEnd(cursor: XmlCursor): Bytes {
  TAG_END.lastIndex = cursor.at
  const match = TAG_END.exec(cursor.text)
  if (match === null) throw new XmlError('malformed tag', cursor.at)
  cursor.at += match[0].length
  return match[1] ?? ''
}

function readClosing(walk: XmlWalk, cursor: XmlCursor): void {
  cursor.at += 2
  const name = nameAt(cursor)
  if (tagEnd(cursor) !== '') throw new XmlError('malformed tag', cursor.at)
  walk.end(name)
}

function readOpening(walk: XmlWalk, cursor: XmlCursor): void {
  cursor.at += 1
  const name = nameAt(cursor)
  const attributes: Pair[] = []
  const names = new Set<Bytes>()
  for (;;) {
    ATTRIBUTE.lastIndex = cursor.at
    const match = ATTRIBUTE.exec(cursor.text)
    if (match === null) break
    const [whole, attribute = '', inDouble, inSingle] = match
    cursor.at += whole.length
    if (names.has(attribute)) throw new XmlError('attribute comes again', cursor.at)
    names.add(attribute)
    const value = attributeValue(walk, inDouble ?? inSingle ?? '', 0)
    if (attribute !== 'xmlns' && !attribute.startsWith('xmlns:')) attributes.push([attribute, value])
  }
  const isEmpty = tagEnd(cursor) === '/'
  walk.begin(name, attributes)
  if (isEmpty) walk.end(name)
}

function attributeValue(walk: XmlWalk, raw: Bytes, entityDepth: number): Bytes {
  const cursor: XmlCursor = { text: raw.replaceAll(/[\t\n]/g, ' '), at: 0 }
  const pieces: Bytes[] = []
  for (;;) {
    const ampersand = cursor.text.indexOf('&', cursor.at)
    pieces.push(cursor.text.slice(cursor.at, ampersand === -1 ? undefined : ampersand))
    if (ampersand === -1) return pieces.join('')
    cursor.at = ampersand
    const reference = readReference(walk, cursor)
    if (reference.kind === 'text') pieces.push(reference.text)
    else if (entityDepth >= ENTITY_DEPTH_MAX || reference.text.includes('<'))
      throw new XmlError('entity not allowed in an attribute', walk.cursor.at)
    else pieces.push(attributeValue(walk, reference.text, entityDepth + 1))
  }
}

/** Reads text up to the next markup, or that markup. */
function readContent(walk: XmlWalk, cursor: XmlCursor, entityDepth: number): void {
  const { text, at } = cursor
  if (at >= text.length) throw new XmlError('premature end', walk.cursor.at)
  const char = text[at]
  if (char === '<') readOne(walk, cursor)
  else if (char === '&') {
    const reference = readReference(walk, cursor)
    if (reference.kind === 'text') walk.addText(reference.text)
    else readEntity(walk, reference.text, entityDepth + 1)
  } else {
    TEXT.lastIndex = at
    const piece = TEXT.exec(text)?.[0] ?? ''
    cursor.at += piece.length
    walk.addText(piece)
    if (piece.includes(']]>')) throw new XmlError('end of a section without its beginning', at)
  }
}

function readEntity(walk: XmlWalk, text: Bytes, entityDepth: number): void {
  if (entityDepth > ENTITY_DEPTH_MAX) throw new XmlError('entities within entities', walk.cursor.at)
  const cursor: XmlCursor = { text, at: 0 }
  const depth = walk.open.length
  while (cursor.at < text.length) {
    readContent(walk, cursor, entityDepth)
    if (walk.open.length < depth) throw new XmlError('entity closes what it did not open', walk.cursor.at)
  }
  if (walk.open.length > depth) throw new XmlError('entity leaves an element open', walk.cursor.at)
}
