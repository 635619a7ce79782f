import { isUtf8 } from 'node:buffer'
import type { Bytes } from '../model.ts'
import { readDoctype } from './xml-doctype.ts'
import { readMarkup } from './xml-element.ts'
import { newXmlWalk, type XmlDocument, XmlError, type XmlLimits, type XmlWalk } from './xml-walk.ts'

/** A document, as far as it could be read. */
export interface XmlBody {
  readonly document: XmlDocument
  /** Why it is not well formed (XML 1.0) or over a limit; null when it is. */
  readonly error: string | null
}

const DECLARATION =
  /^<\?xml[ \t\n][^>]*?encoding[ \t\n]*=[ \t\n]*["']([A-Za-z][A-Za-z0-9._-]{0,39})["'][^>]*\?>/
const NOT_ALLOWED = new RegExp(String.raw`[\x00-\x08\x0b\x0c\x0e-\x1f]`)
const ONE_BYTE = new Set(['iso-8859-1', 'latin1', 'us-ascii', 'ascii'])
const BLANKS = /[ \t\n]*/y

/**
 * Reads an XML document without validating it: entities declared in the document itself are replaced within bounds,
 * nothing outside of it is ever read, and namespaces stay part of names.
 */
export function readXml(text: Bytes, limits: XmlLimits): XmlBody {
  let walk = newXmlWalk('', limits)
  try {
    walk = newXmlWalk(inUtf8(text), limits)
    readDocument(walk)
    return { document: walk.document(), error: null }
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    return { document: walk.document(), error: `XML parsing error: ${error.message}` }
  }
}

/** A document in UTF-8 with line ends as the standard wants them (XML 1.0 section 2.11). */
function inUtf8(text: Bytes): Bytes {
  const mark = text.slice(0, 2)
  if (mark === '\xff\xfe' || mark === '\xfe\xff') {
    const label = mark === '\xff\xfe' ? 'utf-16le' : 'utf-16be'
    const decoded = new TextDecoder(label).decode(Buffer.from(text, 'latin1'))
    return withLineFeeds(Buffer.from(decoded).toString('latin1'))
  }
  const bare = text.startsWith('\xef\xbb\xbf') ? text.slice(3) : text
  const encoding = (DECLARATION.exec(bare.slice(0, 400))?.[1] ?? 'utf-8').toLowerCase()
  if (ONE_BYTE.has(encoding)) return withLineFeeds(Buffer.from(bare).toString('latin1'))
  if (encoding !== 'utf-8' && encoding !== 'utf8') throw new XmlError('encoding not supported', 0)
  if (!isUtf8(Buffer.from(bare, 'latin1'))) throw new XmlError('invalid bytes in UTF-8 text', 0)
  return withLineFeeds(bare)
}

function withLineFeeds(text: Bytes): Bytes {
  if (NOT_ALLOWED.test(text)) throw new XmlError('character not allowed', 0)
  return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text
}

function readDocument(walk: XmlWalk): void {
  const { cursor } = walk
  while (cursor.at < cursor.text.length) {
    skipBlanks(walk)
    if (cursor.at >= cursor.text.length) break
    if (cursor.text[cursor.at] !== '<') throw new XmlError('text outside of the root element', cursor.at)
    if (cursor.text.startsWith('<!DOCTYPE', cursor.at)) readDoctype(walk)
    else readMarkup(walk, cursor)
  }
  if (walk.open.length > 0 || !walk.hasRoot()) throw new XmlError('premature end', cursor.at)
}

function skipBlanks(walk: XmlWalk): void {
  BLANKS.lastIndex = walk.cursor.at
  walk.cursor.at += BLANKS.exec(walk.cursor.text)?.[0].length ?? 0
}
