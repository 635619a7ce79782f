import type { Bytes } from '../model.ts'
import { hexPair } from '../transform/bytes.ts'
import { plusAsSpace } from '../transform/url.ts'

/** A text without its percent signs; `invalid` when one was not followed by two hexadecimal digits, and stayed. */
interface Decoded {
  readonly text: Bytes
  readonly invalid: boolean
}

/** Decodes `%XX`, and `+` as a space where `plus` says so (WHATWG URL, application/x-www-form-urlencoded). */
export function decodePercent(text: Bytes, plus: boolean): Decoded {
  const spaced = plus ? plusAsSpace(text) : text
  let at = spaced.indexOf('%')
  if (at === -1) return { text: spaced, invalid: false }
  let [from, invalid, out] = [0, false, '']
  for (; at !== -1; at = spaced.indexOf('%', at + 1)) {
    const byte = hexPair(spaced, at + 1)
    if (byte < 0) {
      invalid = true
      continue
    }
    out += spaced.slice(from, at) + String.fromCharCode(byte)
    from = at + 3
    at += 2
  }
  return { text: out + spaced.slice(from), invalid }
}
