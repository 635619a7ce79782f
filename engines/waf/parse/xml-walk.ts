import type { Bytes } from '../model.ts'
import type { Pair } from './pairs.ts'

/** The bounds of a document. */
export interface XmlLimits {
  readonly depthMax: number
  /** Elements, attributes and pieces of text together. */
  readonly nodesMax: number
}

/** An element; its text, that of its descendants included, is `text.slice(from, to)` of the document. */
export interface XmlElement {
  /** With its prefix. */
  readonly name: Bytes
  /** Its place in `elements`; -1 for the root. */
  readonly parent: number
  readonly attributes: readonly Pair[]
  readonly from: number
  readonly to: number
}

/** What was read of a document, in document order. */
export interface XmlDocument {
  readonly elements: readonly XmlElement[]
  /** Pieces of text by the element they stand in directly. */
  readonly texts: readonly { readonly parent: number; readonly from: number; readonly to: number }[]
  readonly text: Bytes
}

/** A text and a place in it. */
export interface XmlCursor {
  readonly text: Bytes
  at: number
}

/** A document while it is read. */
export interface XmlWalk {
  readonly cursor: XmlCursor
  readonly limits: XmlLimits
  /** Elements that were not closed yet. */
  readonly open: number[]
  /** Entities by name; null for one that stands outside of the document. */
  readonly entities: Map<string, Bytes | null>
  /** How many bytes entities may still grow to; a few lines could otherwise become gigabytes. */
  expandedBytesLeft: number
  hasRoot(): boolean
  begin(name: Bytes, attributes: readonly Pair[]): void
  end(name: Bytes): void
  addText(text: Bytes): void
  document(): XmlDocument
}

/** That a text is not XML, and at which byte. */
export class XmlError extends Error {
  constructor(message: string, at: number) {
    super(`${message} at byte ${at}`)
    this.name = 'XmlError'
  }
}

const EXPANDED_BYTES_AT_LEAST = 65_536

/** Begins to read a text. */
export function newXmlWalk(text: Bytes, limits: XmlLimits): XmlWalk {
  const cursor: XmlCursor = { text, at: 0 }
  const elements: (Omit<XmlElement, 'to'> & { to: number })[] = []
  const texts: { parent: number; from: number; to: number }[] = []
  const pieces: Bytes[] = []
  const open: number[] = []
  let [length, nodes] = [0, 0]
  const count = (more: number): void => {
    nodes += more
    if (nodes > limits.nodesMax) throw new XmlError('number of nodes is over the limit', cursor.at)
  }
  return {
    cursor,
    limits,
    open,
    entities: new Map(),
    expandedBytesLeft: text.length + EXPANDED_BYTES_AT_LEAST,
    hasRoot: () => elements.length > 0,
    begin: (name, attributes) => {
      if (open.length >= limits.depthMax) throw new XmlError('depth of nesting is over the limit', cursor.at)
      if (open.length === 0 && elements.length > 0) throw new XmlError('second root element', cursor.at)
      count(1 + attributes.length)
      elements.push({ name, attributes, parent: open.at(-1) ?? -1, from: length, to: length })
      open.push(elements.length - 1)
    },
    end: (name) => {
      const element = elements[open.at(-1) ?? -1]
      if (element?.name !== name) throw new XmlError('closing tag without its opening one', cursor.at)
      open.pop()
      element.to = length
    },
    addText: (more) => {
      if (more === '') return
      count(1)
      pieces.push(more)
      texts.push({ parent: open.at(-1) ?? -1, from: length, to: length + more.length })
      length += more.length
    },
    document: () => {
      // What a malformed document left open reaches to the end of what was read.
      for (const index of open) Object.assign(elements[index] ?? {}, { to: length })
      return { elements, texts, text: pieces.join('') }
    },
  }
}
