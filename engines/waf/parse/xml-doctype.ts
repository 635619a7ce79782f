import type { Bytes } from '../model.ts'
import { XmlError, type XmlWalk } from './xml-walk.ts'

const ENTITY =
  /<!ENTITY[ \t\n]+([A-Za-z_:\x80-\xff][\w:.\-\x80-\xff]*)[ \t\n]+(?:"([^"]*)"|'([^']*)'|(SYSTEM|PUBLIC)\b)/y

/**
 * Goes over a document type declaration, keeping the entities that it declares with their text. External ones are
 * known to be empty, and what follows a parameter entity is not obeyed (XML 1.0 section 5.1).
 */
export function readDoctype(walk: XmlWalk): void {
  const { cursor } = walk
  if (walk.hasRoot()) throw new XmlError('document type after the root element', cursor.at)
  let [inSubset, obeyed] = [false, true]
  cursor.at += '<!DOCTYPE'.length
  while (cursor.at < cursor.text.length) {
    const char = cursor.text[cursor.at]
    if (char === '"' || char === "'") goPast(walk, char, 1)
    else if (cursor.text.startsWith('<!--', cursor.at)) goPast(walk, '-->', 4)
    else if (cursor.text.startsWith('<?', cursor.at)) goPast(walk, '?>', 2)
    else if (inSubset && char === '<') readDeclaration(walk, obeyed)
    else {
      cursor.at += 1
      if (char === '[') inSubset = true
      if (char === ']') inSubset = false
      if (char === '%') obeyed = false
      if (char === '>' && !inSubset) return
    }
  }
  throw new XmlError('premature end of the document type', cursor.at)
}

function goPast(walk: XmlWalk, end: Bytes, from: number): void {
  const found = walk.cursor.text.indexOf(end, walk.cursor.at + from)
  if (found === -1) throw new XmlError('premature end of the document type', walk.cursor.at)
  walk.cursor.at = found + end.length
}

function readDeclaration(walk: XmlWalk, obeyed: boolean): void {
  const { cursor, entities } = walk
  ENTITY.lastIndex = cursor.at
  const match = ENTITY.exec(cursor.text)
  if (match !== null) {
    const [, name = '', inDouble, inSingle] = match
    // The first declaration of a name is the one that holds.
    if (obeyed && !entities.has(name)) entities.set(name, inDouble ?? inSingle ?? null)
    cursor.at += match[0].length
  } else cursor.at += 1
  while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== '>') {
    const char = cursor.text[cursor.at] ?? ''
    if (char === '"' || char === "'") goPast(walk, char, 1)
    else cursor.at += 1
  }
  cursor.at += 1
}
