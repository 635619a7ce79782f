import { isUtf8 } from 'node:buffer'
import type { Bytes } from '../model.ts'
import type { Pair } from './pairs.ts'
import { JsonError, readNumber, readString, readWord, skipSpace, type JsonCursor } from './json-token.ts'

/** The bounds of a document. */
export interface JsonLimits {
  readonly depthMax: number
  readonly argumentsMax: number
}

/** The leaves of a document by their path, as far as it could be read. */
export interface JsonBody {
  /** `json.list.array_0.name` and the text of the string, number, `true` or `false`; empty for null. */
  readonly pairs: readonly Pair[]
  /** Why the document is not well formed (RFC 8259) or over a limit; null when it is. */
  readonly error: string | null
  /** There were more leaves than `argumentsMax`; the rest was left out. */
  readonly overflow: boolean
}

interface Container {
  readonly path: Bytes
  /** Position in an array; -1 for an object. */
  index: number
}

interface Walk extends JsonCursor {
  readonly limits: JsonLimits
  readonly stack: Container[]
  readonly pairs: Pair[]
  overflow: boolean
  /** What the names may still come to: a long name over many leaves would otherwise grow with the square of the text. */
  nameBytesLeft: number
}

const NAME_BYTES_PER_BYTE = 16
const NAME_BYTES_AT_LEAST = 65_536

/** Reads a JSON document into arguments; an empty text has none. Strings come out as UTF-8. */
export function readJson(text: Bytes, limits: JsonLimits): JsonBody {
  const walk: Walk = {
    text,
    at: 0,
    limits,
    stack: [],
    pairs: [],
    overflow: false,
    nameBytesLeft: text.length * NAME_BYTES_PER_BYTE + NAME_BYTES_AT_LEAST,
  }
  try {
    if (!isUtf8(Buffer.from(text, 'latin1'))) throw new JsonError('invalid bytes in UTF-8 text', 0)
    readDocument(walk)
    return { pairs: walk.pairs, error: null, overflow: walk.overflow }
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    return { pairs: walk.pairs, error: `JSON parsing error: ${error.message}`, overflow: walk.overflow }
  }
}

function readDocument(walk: Walk): void {
  skipSpace(walk)
  if (walk.at >= walk.text.length) return
  let path: Bytes | null = 'json'
  while (path !== null) {
    path = readValue(walk, path) ?? nextPath(walk)
  }
  skipSpace(walk)
  if (walk.at < walk.text.length) throw new JsonError('trailing garbage', walk.at)
}

/** Reads a leaf and gives null, or opens a container and gives the path of its first value. */
function readValue(walk: Walk, path: Bytes): Bytes | null {
  skipSpace(walk)
  const char = walk.text[walk.at]
  if (char === '{' || char === '[') return open(walk, path, char === '[')
  if (char === '"') addLeaf(walk, path, readString(walk))
  else if (char === 't' || char === 'f' || char === 'n') {
    const word = readWord(walk)
    addLeaf(walk, path, word === 'null' ? '' : word)
  } else addLeaf(walk, path, readNumber(walk))
  return null
}

function open(walk: Walk, path: Bytes, isArray: boolean): Bytes | null {
  if (walk.stack.length >= walk.limits.depthMax)
    throw new JsonError('depth of nesting is over the limit', walk.at)
  walk.at += 1
  walk.stack.push({ path, index: isArray ? 0 : -1 })
  skipSpace(walk)
  if (walk.text[walk.at] === (isArray ? ']' : '}')) return null
  return isArray ? `${path}.array_0` : readKey(walk, path)
}

/** After a value: the path of the next one, or null at the end of the document. */
function nextPath(walk: Walk): Bytes | null {
  for (let top = walk.stack.at(-1); top !== undefined; top = walk.stack.at(-1)) {
    skipSpace(walk)
    const isArray = top.index >= 0
    const char = walk.text[walk.at]
    if (char === ',') {
      walk.at += 1
      if (!isArray) return readKey(walk, top.path)
      top.index += 1
      return `${top.path}.array_${top.index}`
    }
    if (char !== (isArray ? ']' : '}'))
      throw new JsonError(char === undefined ? 'premature end' : 'comma or end of container missing', walk.at)
    walk.at += 1
    walk.stack.pop()
  }
  return null
}

function readKey(walk: Walk, path: Bytes): Bytes {
  skipSpace(walk)
  if (walk.text[walk.at] !== '"') throw new JsonError('object key must be a string', walk.at)
  const key = readString(walk)
  skipSpace(walk)
  if (walk.text[walk.at] !== ':')
    throw new JsonError('object key and value must be parted by a colon', walk.at)
  walk.at += 1
  return `${path}.${key === '' ? 'empty-key' : key}`
}

function addLeaf(walk: Walk, path: Bytes, value: Bytes): void {
  if (walk.pairs.length >= walk.limits.argumentsMax) {
    walk.overflow = true
    return
  }
  walk.nameBytesLeft -= path.length
  if (walk.nameBytesLeft < 0) throw new JsonError('names are too long together', walk.at)
  walk.pairs.push([path, value])
}
