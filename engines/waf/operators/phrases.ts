import { Buffer } from 'node:buffer'
import type { Bytes } from '../model.ts'
import { fileLines } from './file-lines.ts'
import { needsOneOf } from './needs.ts'
import type { MakeOperator, Operator } from './operator.ts'
import { phraseScanner, type PhraseScanner } from './phrase-scanner.ts'

/** Any of the phrases of the argument, which blanks part, stands in the value, whatever the case of its letters. */
export const pm: MakeOperator = (argument) => anyPhrase(readPhrases(argument))

/** As `pm` with the lines of files. */
export const pmFromFile: MakeOperator = (argument, host, place) =>
  anyPhrase(
    argument
      .split(/[\t-\r ]+/)
      .filter((path) => path !== '')
      .flatMap((path) => fileLines(path, host, place)),
  )

/** Up to so many phrases, the runtime's own search is the faster one. */
const NATIVE_MAX = 32

function nativeTest(phrases: readonly Bytes[]): (value: Bytes) => boolean {
  const pattern = new RegExp(phrases.map(inAnyCase).join('|'))
  return (value) => pattern.test(value)
}

/** A pattern for the text in which ASCII letters alone have two cases. */
function inAnyCase(text: Bytes): string {
  return text.replace(/[\s\S]/g, (character) =>
    /[A-Za-z]/.test(character)
      ? `[${character.toLowerCase()}${character.toUpperCase()}]`
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** Tables are made when the first value that may hold a phrase comes along: most sets have lists that never see one. */
function anyPhrase(phrases: readonly Bytes[]): Operator {
  let made: PhraseScanner | null = null
  let few: ((value: Bytes) => boolean) | null = null
  const scanner = (): PhraseScanner => (made ??= phraseScanner(phrases))
  const isFew = phrases.length > 0 && phrases.length <= NATIVE_MAX
  return {
    test: isFew ? (value) => (few ??= nativeTest(phrases))(value) : (value) => scanner().test(value),
    capture: (value) => {
      const hit = scanner().first(value)
      if (hit === null) return null
      const index = hit.end - (phrases[hit.phrase] ?? '').length
      return { groups: [value.slice(index, hit.end)], index }
    },
    get needs() {
      return needsOneOf(phrases)
    },
  }
}

const quoted = /^[\t ]*"([\s\S]*)"$/
const word = /(?:\|[^|]*\||[^\t-\r ])+/g
const binary = /\|((?:[0-9A-Fa-f]{2} ?)+)\|/g
const escaped = /\\([:;\\"])/g
const unknownEscape = /\\(?![:;\\"])/

/**
 * Phrases as `pm` has them: between quotes or not, bytes also as `|41 42|`, and `\:`, `\;`, `\\`, `\"` for the byte
 * behind the backslash, unless another escape shows that backslashes are meant as such.
 */
export function readPhrases(argument: Bytes): readonly Bytes[] {
  const text = quoted.exec(argument)?.[1] ?? argument
  const plain = unknownEscape.test(text.replace(/\\\\/g, ''))
  return (text.match(word) ?? [])
    .flatMap((phrase) => (binaryOnly.test(phrase) ? [phrase] : phrase.split(/[\t-\r ]+/)))
    .map((phrase) => (plain ? phrase : phrase.replace(escaped, '$1')))
    .map((phrase) => phrase.replace(binary, (_, digits: string) => bytesOf(digits)))
    .filter((phrase) => phrase !== '')
}

/** A bar that opens no bytes is a bar, and blanks behind it part phrases as ever. */
const binaryOnly = /^(?:[^|]|\|(?:[0-9A-Fa-f]{2} ?)+\|)*$/

function bytesOf(digits: string): Bytes {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex').toString('latin1')
}
