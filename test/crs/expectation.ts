import type { Match } from '#waf'
import type { StageOutput } from './case.ts'

/** What came of one stage. */
export interface Observed {
  /** 0 when no answer came; null when none was asked for. */
  readonly status: number | null
  /** Why no answer came. */
  readonly error: string | null
  /** The answer as it came, head and body. */
  readonly answer: string
  readonly matches: readonly Match[]
}

/** Rules that add up what other rules found. */
const SUMS = /^(?:949|959|980)\d{3}$/

/** How what was observed differs from what a stage expects; none when it does not. */
export function differences(output: StageOutput, observed: Observed): readonly string[] {
  if (output.expect_error === true)
    return observed.error === null && observed.status !== null ? [`answered ${observed.status}`] : []
  return [
    ...ofAnswer(output, observed),
    ...ofLog(
      output,
      observed.matches.filter((match) => match.log),
    ),
  ]
}

function ofAnswer(output: StageOutput, { status, error, answer }: Observed): readonly string[] {
  const found: string[] = []
  const wanted = output.status === undefined ? [] : [output.status].flat()
  if (wanted.length > 0 && status !== null && !wanted.includes(status))
    found.push(`status ${status}, not ${wanted.join(' or ')}`)
  if (wanted.length === 0 && error !== null) found.push(error)
  if (output.response_contains !== undefined && !answer.includes(output.response_contains))
    found.push('the answer lacks a text')
  return found
}

function ofLog(output: StageOutput, matches: readonly Match[]): readonly string[] {
  const seen = new Set(matches.map((match) => match.rule))
  const log = output.log ?? {}
  const text = matches.map(lineOf).join('\n')
  const found: string[] = []
  for (const id of log.expect_ids ?? []) if (!seen.has(id)) found.push(`${id} did not match`)
  for (const id of log.no_expect_ids ?? []) if (seen.has(id)) found.push(`${id} matched`)
  if (output.isolated === true)
    for (const id of seen)
      if (!SUMS.test(String(id)) && !(log.expect_ids ?? []).includes(id)) found.push(`${id} matched as well`)
  if (log.match_regex !== undefined && !pattern(log.match_regex).test(text))
    found.push('the log lacks a text')
  if (log.no_match_regex !== undefined && pattern(log.no_match_regex).test(text))
    found.push('the log has a text')
  if (output.log_contains !== undefined && !text.includes(output.log_contains))
    found.push('the log lacks a text')
  if (output.no_log_contains !== undefined && text.includes(output.no_log_contains))
    found.push('the log has a text')
  return found
}

function pattern(source: string): RegExp {
  return new RegExp(source.replace(/^\(\?[a-z]+\)/, ''), source.startsWith('(?i)') ? 'i' : '')
}

/** A line of the error log as the reference writes it. */
function lineOf(match: Match): string {
  const fields = [
    `[file "${match.place.file}"]`,
    `[line "${match.place.line}"]`,
    `[id "${match.rule}"]`,
    `[msg "${match.message}"]`,
    `[data "${match.data}"]`,
    `[severity "${match.severity ?? 0}"]`,
    ...match.tags.map((tag) => `[tag "${tag}"]`),
  ]
  return `ModSecurity: Warning. ${fields.join(' ')}`
}
