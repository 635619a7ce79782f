import { WafError, type Place } from '../waf-error.ts'

const SPACE = /[\t-\r ]/
const BARE_STOP = /[\t-\r ]|:'/g
const BACKSLASH = 0x5c

/**
 * The words of a directive, quoted as in Apache's configuration: in quotes `\"` and `\\` stand for the second character,
 * outside only `\\` does, and any other backslash stands for itself. A quote after a colon (`TX:'/a b/'`) holds a word
 * together and remains part of it.
 */
export function splitWords(text: string, place: Place): string[] {
  const words: string[] = []
  let at = 0
  for (;;) {
    while (at < text.length && SPACE.test(text.charAt(at))) at += 1
    if (at >= text.length) return words
    const quote = text.charAt(at)
    const quoted = quote === '"' || quote === "'"
    const end = quoted ? quoteEnd(text, at) : bareEnd(text, at)
    if (end === -1) throw new WafError('syntax', `a ${quote} without its closing ${quote}`, place)
    words.push(
      quoted ? unescapeQuoted(text.slice(at + 1, end), quote) : text.slice(at, end).replaceAll('\\\\', '\\'),
    )
    at = quoted ? end + 1 : end
    if (at < text.length && !SPACE.test(text.charAt(at))) {
      throw new WafError('syntax', `text directly after a closing ${quote}`, place)
    }
  }
}

/** Where the quote that opens at `at` closes, or -1; a backslash takes the next backslash or quote with it. */
export function quoteEnd(text: string, at: number): number {
  const quote = text.charAt(at)
  let close = text.indexOf(quote, at + 1)
  while (close !== -1) {
    let run = close
    while (run > at + 1 && text.charCodeAt(run - 1) === BACKSLASH) run -= 1
    if ((close - run) % 2 === 0) return close
    close = text.indexOf(quote, close + 1)
  }
  return -1
}

/** The inside of a quoted text without its escapes. */
export function unescapeQuoted(inside: string, quote: string): string {
  if (!inside.includes('\\')) return inside
  return inside.replaceAll(quote === '"' ? /\\([\\"])/g : /\\([\\'])/g, '$1')
}

/** A text in quotes that reads as itself. */
export function quoteText(text: string, quote: '"' | "'"): string {
  return `${quote}${text.replaceAll(quote === '"' ? /[\\"]/g : /[\\']/g, String.raw`\$&`)}${quote}`
}

function bareEnd(text: string, at: number): number {
  BARE_STOP.lastIndex = at
  for (let stop = BARE_STOP.exec(text); stop !== null; stop = BARE_STOP.exec(text)) {
    if (stop[0] !== ":'") return stop.index
    const close = quoteEnd(text, stop.index + 1)
    if (close !== -1) BARE_STOP.lastIndex = close + 1
  }
  return text.length
}
