import type { Bytes } from '../model.ts'
import { isHandler } from './html/names.ts'
import { readPlain } from './html/reference.ts'
import { readAttributes, readData, type Markup } from './html/tags.ts'

/** Shorter values hold no markup that does anything. */
const LENGTH_MIN = 4

const HANDLER_LENGTH_MAX = 64
/** As far as the colon of a scheme may stand. */
const SCHEME_LENGTH_MAX = 80

const quotes = ['"', "'", '`'] as const

/** Without one of these nothing is found among attributes: a handler, a style, a scheme, a reference, a NUL. */
const suspect = /on\w{3,}[\s\0]*=|style|script|data:|source:|mhtml:|vbs|mocha|&[#a-z]|\0/i

/** Whether a value has to hold a byte like this one to run script: tags, attributes, templates and URLs begin or go on with it. */
export function mayBeXss(byte: number): boolean {
  return '<={:'.includes(String.fromCharCode(byte))
}

/** Reads the rest of a tag whose attribute value ends at `at`, then the text behind it. */
function activeBehind(text: Bytes, at: number): boolean {
  const markup: Markup = { text, at, found: false, unclosed: false }
  readAttributes(markup, false)
  if (!markup.found) readData(markup)
  return markup.found
}

/** Where an attribute value without quotes ends; -1 when the value is all there is. */
function unquotedEnd(text: Bytes): number {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code <= 32 || code === 62) return at
  }
  return -1
}

/** A handler with a script, where the value stands between attributes. */
function beginsWithHandler(text: Bytes): boolean {
  const equals = text.indexOf('=')
  return (
    equals <= HANDLER_LENGTH_MAX &&
    isHandler(
      text
        .slice(0, equals)
        .replace(/[\0-\x20]/gu, '')
        .toLowerCase(),
      false,
    ) &&
    /[(`='"&:]/u.test(text.slice(equals + 1))
  )
}

/** The value as a whole is a URL that runs script, where it is put into a link. */
function isScriptUrl(value: Bytes): boolean {
  const colon = value.indexOf(':')
  if (colon === -1 || colon > SCHEME_LENGTH_MAX || value.charCodeAt(colon + 1) <= 32) return false
  const head = readPlain(value, 0, Math.min(value.length, SCHEME_LENGTH_MAX * 2), SCHEME_LENGTH_MAX * 2)
  if (head.startsWith('data:text/html') || head.startsWith('data:image/svg')) return true
  return /^(?:javascript|vbscript):/u.test(head) && /[(`=]/u.test(value)
}

/** Expressions of client-side templates that reach for the constructor of functions. */
function isTemplate(value: Bytes): boolean {
  const open = value.indexOf('{{')
  if (open === -1) return false
  const expression = value.slice(open, value.indexOf('}}', open) + 1 || value.length)
  return /constructor|__proto__|\$eval|\$on\b|\$parse|prototype/iu.test(expression)
}

/**
 * Whether the value, put into an HTML document as text or into an attribute, quoted in any way or not, runs script or
 * loads what does. The value is read by the states of the HTML specification that matter, in each of the five contexts.
 */
export function detectXss(value: Bytes): boolean {
  if (value.length < LENGTH_MIN) return false
  const tags = value.includes('<')
  if (tags) {
    const markup: Markup = { text: value, at: 0, found: false, unclosed: false }
    readData(markup)
    if (markup.found) return true
  }
  if (value.includes('=') && suspect.test(value)) {
    if (beginsWithHandler(value)) return true
    const end = unquotedEnd(value)
    if (end !== -1 && activeBehind(value, end)) return true
    for (const quote of quotes) {
      const at = value.indexOf(quote)
      if (at !== -1 && activeBehind(value, at + 1)) return true
    }
  }
  return isTemplate(value) || isScriptUrl(value)
}
