import type { Match, Report } from '#waf'
import type { Judged } from './firewall.ts'
import { isSecret, keepable, keepableHeaders, keepableTarget, NOT_KEPT, sanitise } from './sanitise.ts'

/** A value that a rule matched, as it may be kept. */
export interface KeptValue {
  readonly variable: string
  readonly value: string
  readonly transformed: string
  readonly transformations: readonly string[]
  /** The part that the operator matched. */
  readonly part: string
}

/** A rule that matched, as it may be kept. */
export interface KeptMatch {
  readonly rule: number
  readonly file: string
  readonly line: number
  readonly phase: number
  readonly severity: number | null
  readonly paranoia: number | null
  readonly message: string
  readonly tags: readonly string[]
  readonly operator: string
  readonly matched: readonly KeptValue[]
}

/** What is kept of a request that the firewall took notice of; nothing in it is a secret, and its excerpts are bounded. */
export interface Entry {
  readonly id: string
  readonly at: string
  readonly outcome: 'blocked' | 'would-block' | 'noticed'
  readonly method: string
  readonly route: string
  readonly target: string
  readonly protocol: string
  readonly headers: readonly (readonly [string, string])[]
  readonly status: number
  readonly client: string
  readonly ms: number
  /** The first rule that saw something, which is what people want to know of; 0 when none did. */
  readonly rule: number
  readonly message: string
  /** The rule that refused, often the one that adds up what others saw; null when none did. */
  readonly decided: { readonly rule: number; readonly phase: number; readonly message: string } | null
  readonly scores: { readonly inbound: number; readonly outbound: number }
  readonly matches: readonly KeptMatch[]
  readonly overBudget: readonly number[]
  readonly fingerprint: string
}

const MATCHES_MAX = 30
const VALUES_MAX = 5

/** Makes the entry of a request. */
export function entryOf(report: Report, judged: Judged, at: Date, fingerprint: string): Entry {
  const verdict = report.blocked ?? report.wouldBlock
  const { head } = judged
  const lead = report.matches.find(
    ({ log, rule, paranoia }) => log && paranoia !== null && rule !== verdict?.rule,
  )
  return {
    id: judged.requestId,
    at: at.toISOString(),
    outcome: report.blocked !== null ? 'blocked' : verdict !== null ? 'would-block' : 'noticed',
    method: judged.method,
    route: judged.pattern,
    target: head === null ? '' : keepableTarget(readable(head.target)),
    protocol: head === null ? '' : sanitise(head.protocol, 20),
    headers: head === null ? [] : keepableHeaders(head.headers.map(readable)),
    status: judged.status,
    client: judged.client,
    ms: Math.round(judged.ms * 1000) / 1000,
    rule: lead?.rule ?? verdict?.rule ?? 0,
    message: sanitise(readable(lead?.message ?? verdict?.message ?? ''), 300),
    decided:
      verdict === null
        ? null
        : { rule: verdict.rule, phase: verdict.phase, message: sanitise(readable(verdict.message), 300) },
    scores: report.scores,
    matches: report.matches
      .filter(({ log }) => log)
      .slice(0, MATCHES_MAX)
      .map(keptMatch),
    overBudget: report.overBudget.slice(0, MATCHES_MAX),
    fingerprint,
  }
}

function keptMatch(match: Match): KeptMatch {
  const { name, negated, argument } = match.operator
  const ofSecret = match.matched.some(({ variable }) => isSecret(variable))
  return {
    rule: match.rule,
    file: match.place.file,
    line: match.place.line,
    phase: match.phase,
    severity: match.severity,
    paranoia: match.paranoia,
    message: sanitise(readable(match.message), 300),
    tags: match.tags.slice(0, 12).map((tag) => tag.slice(0, 100)),
    // What the rule's author wrote; nothing of the request is in it.
    operator: `${negated ? '!' : ''}@${name} ${argument}`.slice(0, 400),
    matched: match.matched.slice(0, VALUES_MAX).map((one) => keptValue(one, ofSecret)),
  }
}

/** What a rule carries along from one condition to the next, under a name of its own. */
const CARRIED = /^(?:MATCHED_VARS?|TX)\b/

function keptValue(
  { variable, value, transformed, transformations, part }: Match['matched'][number],
  ofSecret: boolean,
): KeptValue {
  const carried = ofSecret && CARRIED.test(variable)
  const keep = (bytes: string): string => (carried ? NOT_KEPT : keepable(variable, readable(bytes)))
  return {
    variable: sanitise(readable(variable), 100),
    value: keep(value),
    transformed: keep(transformed),
    transformations,
    part: variable === 'RESPONSE_BODY' ? sanitise(readable(part)) : keep(part),
  }
}

/** Bytes as the text that they are in UTF-8, or one character a byte when they are none. */
export function readable(bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8')
  return text.includes('\uFFFD') ? bytes : text
}
