import type { Bytes } from '../model.ts'
import { compilePattern, type Pattern } from '../regex/index.ts'
import { WafError } from '../waf-error.ts'
import type { Capture, MakeOperator } from './operator.ts'

/** A match of the argument, a PCRE pattern, stands in the value. */
export const rx: MakeOperator = (argument, host, place) => {
  const pattern = compilePattern(argument, {}, place, host.patterns)
  return {
    test: pattern.test,
    capture: pattern.exec,
    verdict: pattern.verdict,
    needs: pattern.needs,
  }
}

/** As `rx`, and captures each group as it was in the last match that it took part in. */
export const rxGlobal: MakeOperator = (argument, host, place) => {
  const pattern = compilePattern(argument, {}, place, host.patterns)
  return {
    test: pattern.test,
    capture: (value) => lastGroups(pattern, value),
    verdict: pattern.verdict,
    needs: pattern.needs,
  }
}

const MATCHES_MAX = 4096

/** The matches that follow one another, as far as a limit on their number. */
function matchesOf(pattern: Pattern, value: Bytes): readonly Capture[] {
  const matches: Capture[] = []
  let from = 0
  while (from <= value.length && matches.length < MATCHES_MAX) {
    const match = pattern.exec(value.slice(from))
    if (match === null) break
    matches.push({ groups: match.groups, index: from + match.index })
    from += match.index + Math.max(match.groups[0]?.length ?? 0, 1)
  }
  return matches
}

function lastGroups(pattern: Pattern, value: Bytes): Capture | null {
  const matches = matchesOf(pattern, value)
  const groups: Bytes[] = []
  for (const match of matches)
    match.groups.forEach((text, group) => {
      if (text !== '' || groups[group] === undefined) groups[group] = text
    })
  return matches.length === 0 ? null : { groups, index: matches.at(-1)?.index ?? 0 }
}

/** `s/pattern/replacement/flags`, where the flag `i` disregards case; the mark behind the `s` may be another. */
const substitution = /^s([^\w\s\\])((?:\\[\s\S]|(?!\1)[\s\S])*)\1((?:\\[\s\S]|(?!\1)[\s\S])*)\1([gids]*)$/

/** A match of the pattern stands in the value; `rewrite` puts the replacement, with `\1` to `\9` for groups, in place of each. */
export const rsub: MakeOperator = (argument, _host, place) => {
  const [, mark, expression, replacement, flags] = substitution.exec(argument) ?? []
  if (mark === undefined || expression === undefined || replacement === undefined)
    throw new WafError('operator-argument', `not a substitution: ${argument}`, place)
  const pattern = compilePattern(expression, { ignoreCase: flags?.includes('i') ?? false }, place)
  return {
    test: pattern.test,
    capture: pattern.exec,
    verdict: pattern.verdict,
    rewrite: (value) =>
      rewritten(value, matchesOf(pattern, value), replacement.replaceAll(`\\${mark}`, mark)),
    needs: pattern.needs,
  }
}

function rewritten(value: Bytes, matches: readonly Capture[], replacement: Bytes): Bytes {
  let result = ''
  let from = 0
  for (const { groups, index } of matches) {
    const inserted = replacement.replace(/\\(\d)/g, (_, group: string) => groups[Number(group)] ?? '')
    result += value.slice(from, index) + inserted
    from = index + (groups[0]?.length ?? 0)
  }
  return result + value.slice(from)
}
