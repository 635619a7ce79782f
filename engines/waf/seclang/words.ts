import { WafError, type Place } from '../waf-error.ts'

const SPACE = /[\t-\r ]/

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
  for (let i = at + 1; i < text.length; i += 1) {
    const char = text.charAt(i)
    if (char === quote) return i
    if (char === '\\') {
      const next = text.charAt(i + 1)
      if (next === quote || next === '\\') i += 1
    }
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
  let i = at
  while (i < text.length && !SPACE.test(text.charAt(i))) {
    if (text.charAt(i) === "'" && text.charAt(i - 1) === ':' && i > at) {
      const close = quoteEnd(text, i)
      if (close !== -1) i = close
    }
    i += 1
  }
  return i
}
