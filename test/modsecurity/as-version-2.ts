/**
 * Text of rules for libmodsecurity 3, whose `^` and `$` match at every newline, that means there what it means in ModSecurity 2
 * and in ours: `^` and `$` are the ends of the value.
 */
export function asVersion2(rules: string): string {
  return rules.replaceAll(
    /@rx ((?:[^"\\]|\\[^])*)/g,
    (_, pattern: string) => `@rx (?-m)${withVeryEnd(pattern)}`,
  )
}

/** A pattern with `\z` for each `$` that is not a plain character. */
function withVeryEnd(pattern: string): string {
  let [inClass, result] = [false, '']
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern.charAt(at)
    if (char === '\\') result += char + pattern.charAt(++at)
    else if (inClass) {
      inClass = char !== ']'
      result += char
    } else if (char === '[') {
      inClass = true
      // A bracket that comes first in a class, after ^ as well, is a member of it.
      const first = /^\[\^?\]?/.exec(pattern.slice(at))?.[0] ?? char
      result += first
      at += first.length - 1
    } else result += char === '$' ? String.raw`\z` : char
  }
  return result
}
