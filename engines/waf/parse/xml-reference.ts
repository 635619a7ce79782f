import type { Bytes } from '../model.ts'
import { type XmlCursor, XmlError, type XmlWalk } from './xml-walk.ts'

const PREDEFINED: Readonly<Record<string, Bytes>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
const REFERENCE = /&(?:#([0-9]{1,10})|#x([0-9A-Fa-f]{1,8})|([A-Za-z_:\x80-\xff][\w:.\-\x80-\xff]*));/y

/** What a reference stands for: characters as they are, or the replacement of an entity, which is read on. */
export type Reference = { readonly kind: 'text' | 'entity'; readonly text: Bytes }

/** Reads a reference, the cursor standing on its ampersand (XML 1.0 section 4.1). */
export function readReference(walk: XmlWalk, cursor: XmlCursor): Reference {
  REFERENCE.lastIndex = cursor.at
  const match = REFERENCE.exec(cursor.text)
  if (match === null) throw new XmlError('malformed reference', cursor.at)
  cursor.at += match[0].length
  const [, decimal, hexadecimal, name = ''] = match
  if (decimal !== undefined) return { kind: 'text', text: character(Number(decimal), cursor.at) }
  if (hexadecimal !== undefined)
    return { kind: 'text', text: character(Number.parseInt(hexadecimal, 16), cursor.at) }
  if (Object.hasOwn(PREDEFINED, name)) return { kind: 'text', text: PREDEFINED[name] ?? '' }
  const replacement = walk.entities.get(name)
  if (replacement === undefined) throw new XmlError('entity not declared', cursor.at)
  walk.expandedBytesLeft -= (replacement?.length ?? 0) + match[0].length
  if (walk.expandedBytesLeft < 0) throw new XmlError('entities grow over the limit', cursor.at)
  return { kind: 'entity', text: replacement ?? '' }
}

function character(point: number, at: number): Bytes {
  const isAllowed =
    point === 0x09 ||
    point === 0x0a ||
    point === 0x0d ||
    (point >= 0x20 && point <= 0xd7ff) ||
    (point >= 0xe000 && point <= 0x10_ffff)
  if (!isAllowed) throw new XmlError('character not allowed', at)
  return Buffer.from(String.fromCodePoint(point)).toString('latin1')
}
