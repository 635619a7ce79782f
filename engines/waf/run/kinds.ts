import type { Bytes } from '../model.ts'
import type { TransformationName } from '../names.ts'
import { complement } from '../regex/byte-set.ts'
import { PLAIN } from '../regex/plain.ts'

const high = Array.from({ length: 128 }, (_, index) => String.fromCodePoint(128 + index)).join('')
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const blanks = '\t\n\v\f\r'
const controls = Array.from({ length: 32 }, (_, code) => String.fromCodePoint(code)).join('')

/**
 * All bytes by kind, so that what a text is made of is one small number. What transformations act on, and what rules ask for
 * and ordinary text has not, are kinds of their own.
 */
const KINDS: readonly Bytes[] = [
  upper.toLowerCase(),
  '0123456789',
  upper,
  high,
  ' ',
  blanks,
  '\0',
  `${controls.replace(/[\0\t-\r]/g, '')}\u007F`,
  ...Array.from('%+&\\./*-#"\'^,;=:'),
  '()',
  '<',
  '>',
  '_@~!?',
  '{}',
  '[]',
  '$`|',
]

const KIND_BITS = new Int32Array(256)
for (const [kind, bytes] of KINDS.entries()) {
  for (const byte of bytes) KIND_BITS[byte.charCodeAt(0)] = 1 << kind
}

/** Any bytes at all. */
export const EVERY_KIND = 0x7fff_ffff

/** The kinds of the bytes of a text, one bit each. */
export function kindsOf(text: Bytes): number {
  let kinds = 0
  for (let index = 0; index < text.length; index++) kinds |= KIND_BITS[text.charCodeAt(index)] as number
  return kinds
}

const [LOWER, DIGIT, UPPER, SPACE, PERCENT, SLASH] = ['a', '0', 'A', ' ', '%', '/'].map(kindsOf) as [
  number,
  number,
  number,
  number,
  number,
  number,
]

/** The kinds of a set of bytes: word `byte >> 5`, bit `byte & 31`. */
export function kindsOfSet(set: Readonly<ArrayLike<number>>): number {
  let kinds = 0
  for (let byte = 0; byte < 256; byte++) {
    if ((((set[byte >>> 5] ?? 0) >>> (byte & 31)) & 1) !== 0) kinds |= KIND_BITS[byte] as number
  }
  return kinds
}

/** The kinds of which every byte is plain. */
const PLAIN_KINDS = kindsOfSet(PLAIN) & ~kindsOfSet(complement(PLAIN))

/** Whether a text of these kinds of bytes is made of plain ones alone. */
export function isPlain(kinds: number): boolean {
  return (kinds & ~PLAIN_KINDS) === 0
}

/** The kinds that the text in lower case has besides its own. */
export function withLowerCase(kinds: number): number {
  return (kinds & UPPER) === 0 ? kinds : kinds | LOWER
}

const space = `${blanks} \u00A0`

/** Without any of these bytes the transformation leaves a text as it is; the property test holds this table to account. */
export const GATES: Readonly<Partial<Record<TransformationName, string>>> = {
  cmdLine: `${upper}${space}\\"'^,;`,
  compressWhitespace: space,
  cssDecode: '\\',
  escapeSeqDecode: '\\',
  htmlEntityDecode: '&',
  jsDecode: '\\',
  lowercase: upper,
  normalizePath: './',
  normalizePathWin: './\\',
  parityZero7bit: high,
  removeCommentsChar: '/*-#',
  removeNulls: '\0',
  removeWhitespace: space,
  replaceComments: '/*',
  replaceNulls: '\0',
  trim: space,
  trimLeft: space,
  trimRight: space,
  uppercase: upper.toLowerCase(),
  urlDecode: '%+',
  urlDecodeUni: '%+',
  utf8toUnicode: high,
}

const toLower = (kinds: number): number => withLowerCase(kinds) & ~UPPER
const fewer = (kinds: number): number => kinds
const spaced = (kinds: number): number => kinds | SPACE
const decoded = (kinds: number): number => ((kinds & PERCENT) === 0 ? kinds | SPACE : EVERY_KIND)

/** The kinds that a text can hold after a transformation, by those before it; any where nothing is said. A property test holds it to account. */
const MAKES: Readonly<Partial<Record<TransformationName, (kinds: number) => number>>> = {
  cmdLine: (kinds) => toLower(kinds) | SPACE,
  compressWhitespace: spaced,
  length: () => DIGIT,
  lowercase: toLower,
  normalizePath: fewer,
  normalizePathWin: (kinds) => kinds | SLASH,
  removeCommentsChar: fewer,
  removeNulls: fewer,
  removeWhitespace: fewer,
  replaceComments: spaced,
  replaceNulls: spaced,
  trim: fewer,
  trimLeft: fewer,
  trimRight: fewer,
  urlDecode: decoded,
  urlDecodeUni: decoded,
  utf8toUnicode: (kinds) => kinds | PERCENT | LOWER | DIGIT,
}

/** What a transformation makes of kinds of bytes, at most. */
export function kindsAfter(name: TransformationName, kinds: number): number {
  return MAKES[name]?.(kinds) ?? EVERY_KIND
}
