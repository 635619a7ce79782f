import type { Bytes } from '../../model.ts'

/** Named references that stand for characters with a meaning in URLs, scripts and styles. */
const names: ReadonlyMap<string, string> = new Map(
  Object.entries({
    tab: '\t',
    newline: '\n',
    colon: ':',
    lpar: '(',
    rpar: ')',
    lt: '<',
    gt: '>',
    amp: '&',
    quot: '"',
    apos: "'",
    sol: '/',
    bsol: '\\',
    comma: ',',
    semi: ';',
    period: '.',
    equals: '=',
    num: '#',
    percnt: '%',
    excl: '!',
    nbsp: ' ',
    lbrack: '[',
    lsqb: '[',
    rsqb: ']',
    lcub: '{',
    rcub: '}',
    grave: '`',
    plus: '+',
    ast: '*',
    lowbar: '_',
  }),
)

const AMPERSAND = 38
const NAME_LENGTH_MAX = 10
const DIGITS_MAX = 12

/** A character reference that begins at `at`: what it stands for and where it ends; null when none does. */
function readReference(text: Bytes, at: number): { character: string; end: number } | null {
  if (text[at + 1] === '#') return readNumeric(text, at + 2)
  let end = at + 1
  while (end - at <= NAME_LENGTH_MAX && /[A-Za-z]/u.test(text[end] ?? '')) end += 1
  const character = names.get(text.slice(at + 1, end).toLowerCase())
  if (character === undefined) return null
  return { character, end: text[end] === ';' ? end + 1 : end }
}

function readNumeric(text: Bytes, at: number): { character: string; end: number } | null {
  const hexadecimal = text[at] === 'x' || text[at] === 'X'
  const start = hexadecimal ? at + 1 : at
  const digits = hexadecimal ? /[0-9a-fA-F]/u : /[0-9]/u
  let end = start
  while (digits.test(text[end] ?? '')) end += 1
  if (end === start) return null
  const written = text.slice(start, end).replace(/^0+/u, '')
  const code = written.length > DIGITS_MAX ? 0 : Number.parseInt(written || '0', hexadecimal ? 16 : 10)
  return { character: code > 255 ? '?' : String.fromCharCode(code), end: text[end] === ';' ? end + 1 : end }
}

/**
 * The first `lengthMax` characters that stand in `text` from `start` to `end`, as a browser reads a URL or style: references
 * replaced, control characters and blanks removed, in lower case.
 */
export function readPlain(text: Bytes, start: number, end: number, lengthMax: number): string {
  let plain = ''
  let at = start
  while (at < end && plain.length < lengthMax) {
    const reference = text.charCodeAt(at) === AMPERSAND ? readReference(text, at) : null
    const character = reference?.character ?? text.charAt(at)
    const code = character.charCodeAt(0)
    if (code > 32 && code !== 127 && code !== 160) plain += character
    at = reference?.end ?? at + 1
  }
  return plain.toLowerCase()
}
