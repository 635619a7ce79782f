import type { Bytes } from '../../model.ts'
import {
  activeAttributes,
  activeByAttributes,
  activeElements,
  isActiveStyle,
  isActiveUrl,
  isHandler,
} from './names.ts'
import { readPlain } from './reference.ts'

const GREATER = 62
const LESS = 60
const SLASH = 47
const EQUALS = 61
const BANG = 33
const QUESTION = 63
const PERCENT = 37
const BACKSLASH = 92

/** As much of a URL as tells what it is. */
const URL_CHARACTERS_MAX = 40
/** As much of a style as is looked at. */
const STYLE_CHARACTERS_MAX = 4096
const NAME_LENGTH_MAX = 64

const blank = 1
const letter = 2
const quote = 4
const kinds = new Uint8Array(256)
for (let code = 0; code <= 32; code += 1) kinds[code] = blank
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
  kinds[character.charCodeAt(0)] = letter
for (const character of '\'"`') kinds[character.charCodeAt(0)] = quote

/** A numeric reference to anything but a quote, which a style has no need of. */
const hidden = /&#(?!0*(?:39|34);|x0*(?:27|22);)/iu

/** Where reading stands; `found` ends it. */
export interface Markup {
  readonly text: Bytes
  at: number
  found: boolean
  /** A comment began that nothing ends. */
  unclosed: boolean
}

/** A name in lower case without NULs, blanks and the backslashes that some servers take away. */
function cleanName(text: Bytes, start: number, end: number): string {
  let name = ''
  for (let at = start; at < end && name.length < NAME_LENGTH_MAX; at += 1)
    if (text.charCodeAt(at) === BACKSLASH) at += text.charAt(at + 1) === '0' ? 1 : 0
    else if (kinds[text.charCodeAt(at)] !== blank) name += text.charAt(at)
  return name.toLowerCase()
}

/** Reads text until a tag begins, and everything that begins with `<`. */
export function readData(markup: Markup): void {
  const { text } = markup
  while (!markup.found) {
    const less = text.indexOf('<', markup.at)
    if (less === -1) return
    markup.at = less + 1
    let code = text.charCodeAt(markup.at)
    if (code === 0) {
      while (text.charCodeAt(markup.at) === 0) markup.at += 1
      code = text.charCodeAt(markup.at)
    }
    if (kinds[code] === letter) readTag(markup)
    else if (code === BANG) readDeclaration(markup)
    else if (code === QUESTION) readInstruction(markup)
    else if (code === SLASH || code === PERCENT) readEndTag(markup)
  }
}

function readTag(markup: Markup): void {
  const { text } = markup
  const start = markup.at
  let end = start
  while (end < text.length) {
    const code = text.charCodeAt(end)
    if ((kinds[code] === blank && code !== 0) || code === SLASH || code === GREATER || code === LESS) break
    end += 1
  }
  markup.at = end
  const name = cleanName(text, start, end)
  const attributes = text.charCodeAt(end) !== GREATER || text.charCodeAt(end + 1) === LESS
  if (isActive(name, attributes) || isActive(untilNul(text, start, end), true)) markup.found = true
  else readAttributes(markup, true)
}

/** Whether an element, named with or without its namespace, does something. */
function isActive(name: string, attributes: boolean): boolean {
  const local = name.slice(name.lastIndexOf(':') + 1)
  return activeElements.has(local) || (attributes && activeByAttributes.has(local))
}

/** The name before a NUL, where some browsers end it. */
function untilNul(text: Bytes, start: number, end: number): string {
  const nul = text.slice(start, Math.min(end, start + NAME_LENGTH_MAX)).indexOf('\0')
  return nul === -1 ? '' : cleanName(text, start, start + nul)
}

/** Attributes of end tags mean nothing to most browsers, and handlers there did to some. */
function readEndTag(markup: Markup): void {
  const { text } = markup
  let at = markup.at + 1
  while (kinds[text.charCodeAt(at)] === letter) at += 1
  markup.at = at
  readAttributes(markup, true)
}

function readDeclaration(markup: Markup): void {
  const { text, at } = markup
  if (text.startsWith('--', at + 1)) {
    if (!markup.unclosed) readComment(markup)
  } else if (text[at + 1] === '[' || kinds[text.charCodeAt(at + 1)] === letter) {
    const head = text.slice(at + 1, at + 10).toUpperCase()
    markup.found = ['DOCTYPE', 'ENTITY', 'ELEMENT', 'ATTLIST', 'NOTATION', '[IF', '[CDATA['].some((word) =>
      head.startsWith(word),
    )
  }
}

/** A comment; those of conditional compilation run, and a backtick ends one in old browsers. */
function readComment(markup: Markup): void {
  const { text, at } = markup
  const start = at + 3
  if (text.startsWith('>', start) || text.startsWith('->', start)) {
    markup.at = start + 1
    return
  }
  const plain = text.indexOf('-->', start)
  const banged = text.indexOf('--!>', start)
  const end = plain === -1 ? banged : banged === -1 ? plain : Math.min(plain, banged)
  const body = text.slice(start, end === -1 ? text.length : end)
  const head = body.slice(0, 8).toLowerCase()
  if (head.startsWith('[if') || head.startsWith('#exec') || head.startsWith('#include') || body.includes('`'))
    markup.found = true
  markup.unclosed = end === -1
  markup.at = end === -1 ? start : end + 3
}

function readInstruction(markup: Markup): void {
  const { text, at } = markup
  const name = text.slice(at + 1, at + 7).toLowerCase()
  if (name.startsWith('xml') || name.startsWith('import') || name.startsWith('php')) markup.found = true
  markup.at = at + 1
}

/** Reads attributes to the end of their tag; `withinTag` says whether the value itself holds the tag's beginning. */
export function readAttributes(markup: Markup, withinTag: boolean): void {
  const { text } = markup
  while (!markup.found && markup.at < text.length) {
    const code = text.charCodeAt(markup.at)
    if (code === GREATER) {
      markup.at += 1
      return
    }
    if (kinds[code] === blank || code === SLASH || (kinds[code] ?? 0) === quote) markup.at += 1
    else if (code === LESS && kinds[text.charCodeAt(markup.at + 1)] === letter) return
    else readAttribute(markup, withinTag)
  }
}

function readAttribute(markup: Markup, withinTag: boolean): void {
  const { text } = markup
  const start = markup.at
  let end = start + 1
  while (end < text.length) {
    const code = text.charCodeAt(end)
    if ((kinds[code] === blank && code !== 0) || code === SLASH || code === GREATER || code === EQUALS) break
    end += 1
  }
  let at = end
  while (kinds[text.charCodeAt(at)] === blank) at += 1
  markup.at = text.charCodeAt(at) === EQUALS ? at + 1 : end
  if (text.charCodeAt(at) !== EQUALS) return
  const valueStart = skipBlanks(text, at + 1)
  const valueEnd = readValue(markup, valueStart)
  judgeAttribute(markup, start, end, valueStart, valueEnd, withinTag)
}

function skipBlanks(text: Bytes, from: number): number {
  let at = from
  while (kinds[text.charCodeAt(at)] === blank) at += 1
  return at
}

/** Reads a value; the answer is the index after its last character, quote included. */
function readValue(markup: Markup, start: number): number {
  const { text } = markup
  const code = text.charCodeAt(start)
  if (kinds[code] === quote) {
    const end = text.indexOf(text.charAt(start), start + 1)
    markup.at = end === -1 ? text.length : end + 1
    return markup.at
  }
  let end = start
  while (end < text.length && kinds[text.charCodeAt(end)] !== blank && text.charCodeAt(end) !== GREATER)
    end += 1
  markup.at = end
  return end
}

/** As far as the colon of a scheme or a reference is looked for. */
const SCHEME_BYTES_MAX = 120

/** Whether the attribute's first letter or its value is one that is judged: most are neither. */
function isSuspect(text: Bytes, nameStart: number, start: number, end: number): boolean {
  const first = text.charCodeAt(nameStart) | 32
  if (first === 111 || first === 115 || text.charCodeAt(nameStart) <= 32) return true
  const until = Math.min(end, start + SCHEME_BYTES_MAX)
  for (let at = start; at < until; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 58 || code === 38) return true
  }
  return false
}

function judgeAttribute(
  markup: Markup,
  nameStart: number,
  nameEnd: number,
  start: number,
  end: number,
  withinTag: boolean,
): void {
  const { text } = markup
  if (!withinTag && !isSuspect(text, nameStart, start, end)) return
  const name = cleanName(text, nameStart, nameEnd)
  const inside = kinds[text.charCodeAt(start)] === quote ? start + 1 : start
  if (inside >= end) return
  if (isHandler(name, withinTag) || (withinTag && activeAttributes.has(name))) markup.found = true
  else if (name === 'style')
    markup.found =
      !withinTag ||
      hidden.test(text.slice(inside, Math.min(end, inside + STYLE_CHARACTERS_MAX))) ||
      isActiveStyle(readPlain(text, inside, end, STYLE_CHARACTERS_MAX))
  else {
    const hides = text.charAt(inside) === '&'
    markup.found = isActiveUrl(readPlain(text, inside, end, URL_CHARACTERS_MAX), hides)
  }
}
