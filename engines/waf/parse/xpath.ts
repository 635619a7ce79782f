import type { Bytes } from '../model.ts'
import type { Pair } from './pairs.ts'
import type { XmlDocument, XmlElement } from './xml-walk.ts'

interface Step {
  /** Any descendant (`//`) instead of a child (`/`). */
  readonly deep: boolean
  readonly kind: 'element' | 'attribute' | 'text'
  /** `*` for any; without a prefix it matches a name with any prefix. */
  readonly name: Bytes
}

/** A location path, ready to be asked for the values of what it chooses. */
export type XPath = (document: XmlDocument) => readonly Bytes[]

const STEP = /(\/\/?)(?:(@)?([\w.\-:]+|\*)(?![\w(])|(text)\(\))/y

/**
 * Reads an absolute location path of elements, attributes and `text()` (`/*`, `//@*`, `/a/b/text()`, `//x:name`);
 * null for anything else of XPath. The value of an element is its whole text.
 */
export function readXPath(path: Bytes): XPath | null {
  const steps: Step[] = []
  STEP.lastIndex = 0
  for (let at = 0; at < path.length; at = STEP.lastIndex) {
    if (steps.length > 0 && steps.at(-1)?.kind !== 'element') return null
    const match = STEP.exec(path)
    if (match === null) return null
    const [, slashes, sign, name = '', isText] = match
    const kind = isText === undefined ? (sign === '@' ? 'attribute' : 'element') : 'text'
    steps.push({ deep: slashes === '//', kind, name })
  }
  const last = steps.pop()
  return last === undefined ? null : (document) => valuesOf(document, steps, last)
}

/** Which elements the steps choose; entry 0 is the document itself, entry n + 1 the element n. */
function chosen(document: XmlDocument, steps: readonly Step[]): Uint8Array {
  let current = new Uint8Array(document.elements.length + 1)
  current[0] = 1
  for (const step of steps) {
    const next = new Uint8Array(current.length)
    const reach = reached(document, current, step.deep)
    for (const [index, element] of document.elements.entries())
      if (reach[element.parent + 1] === 1 && nameMatches(step.name, element.name)) next[index + 1] = 1
    current = next
  }
  return current
}

/** Whose children a step looks at: the chosen alone, or with all their descendants. */
function reached(document: XmlDocument, current: Uint8Array, deep: boolean): Uint8Array {
  if (!deep) return current
  const reach = Uint8Array.from(current)
  for (const [index, element] of document.elements.entries())
    if (reach[element.parent + 1] === 1) reach[index + 1] = 1
  return reach
}

function nameMatches(wanted: Bytes, name: Bytes): boolean {
  return wanted === '*' || wanted === name || (!wanted.includes(':') && name.endsWith(`:${wanted}`))
}

function valuesOf(document: XmlDocument, steps: readonly Step[], last: Step): readonly Bytes[] {
  if (last.kind === 'element') {
    const marks = chosen(document, [...steps, last])
    return document.elements
      .filter((_element, index) => marks[index + 1] === 1)
      .map((element) => textOf(document, element))
  }
  const reach = reached(document, chosen(document, steps), last.deep)
  if (last.kind === 'text')
    return document.texts
      .filter((text) => reach[text.parent + 1] === 1)
      .map((text) => document.text.slice(text.from, text.to))
  return document.elements
    .filter((_element, index) => reach[index + 1] === 1)
    .flatMap((element) =>
      element.attributes.filter(([name]) => nameMatches(last.name, name)).map(([, value]) => value),
    )
}

function textOf(document: XmlDocument, element: XmlElement): Bytes {
  return document.text.slice(element.from, element.to)
}

const NAME_BYTES_PER_BYTE = 16
const NAME_BYTES_AT_LEAST = 65_536

/**
 * A document as arguments (`SecParseXmlIntoArgs`): `xml.root.child` and its text, for elements without elements and
 * those with text of their own; names without prefixes. `overflow` when there were more than `argumentsMax`.
 */
export function xmlArguments(
  document: XmlDocument,
  argumentsMax: number,
): { readonly pairs: readonly Pair[]; readonly overflow: boolean } {
  const own = new Map<number, Bytes[]>()
  for (const text of document.texts) {
    const pieces = own.get(text.parent) ?? []
    pieces.push(document.text.slice(text.from, text.to))
    own.set(text.parent, pieces)
  }
  const parents = new Set(document.elements.map((element) => element.parent))
  const paths: Bytes[] = []
  const pairs: Pair[] = []
  let nameBytesLeft = document.text.length * NAME_BYTES_PER_BYTE + NAME_BYTES_AT_LEAST
  for (const [index, element] of document.elements.entries()) {
    const path = `${paths[element.parent] ?? 'xml'}.${localName(element.name)}`
    paths.push(path)
    const text = own.get(index)?.join('') ?? ''
    if (parents.has(index) && text.trim() === '') continue
    nameBytesLeft -= path.length
    if (pairs.length >= argumentsMax || nameBytesLeft < 0) return { pairs, overflow: true }
    pairs.push([path, text])
  }
  return { pairs, overflow: false }
}

function localName(name: Bytes): Bytes {
  return name.slice(name.indexOf(':') + 1)
}
