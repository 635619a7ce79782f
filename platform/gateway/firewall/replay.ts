import type { RuleSet } from '#waf'
import { BROWSER, type Sample } from './corpus.ts'

/** A request to be judged again; texts are bytes, one character each. */
export interface ReplayRequest {
  readonly id: string
  readonly method: string
  readonly target: string
  readonly protocol: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: string | null
  /** Whether this is the request itself, not one put together from what was kept of it. */
  readonly exact: boolean
  /** What was decided when it came, if that is known. */
  readonly was: 'blocked' | 'would-block' | 'noticed' | null
}

/** What a set of rules says of a request. */
export interface Judgement {
  readonly blocked: boolean
  /** The rule that decided; 0 when none did. */
  readonly rule: number
  readonly score: number
  /** What matched: rule and variables, with the message. */
  readonly matches: readonly {
    readonly rule: number
    readonly message: string
    readonly variables: readonly string[]
  }[]
}

/** Judges a request; a rule set that only reports is taken at its word. */
export function judge(rules: RuleSet, request: ReplayRequest, now: Date): Judgement {
  const local = { address: '192.0.2.1', port: 443 }
  const transaction = rules.begin({
    uniqueId: request.id,
    now: now.getTime(),
    client: local,
    server: { ...local, name: 'localhost' },
  })
  const { method, target, protocol, headers, body } = request
  let stopped = transaction.request({ method, target, protocol, headers })
  if (stopped === null && body !== null && body !== '')
    stopped = transaction.bodyPart(Buffer.from(body, 'latin1'))
  if (stopped === null) transaction.bodyEnd()
  const report = transaction.end()
  const verdict = report.blocked ?? report.wouldBlock
  return {
    blocked: verdict !== null,
    rule: verdict?.rule ?? 0,
    score: report.scores.inbound,
    matches: report.matches
      .filter(({ log, rule }) => log && rule !== verdict?.rule)
      .map(({ rule, message, matched }) => ({
        rule,
        message,
        variables: matched.map(({ variable }) => variable),
      })),
  }
}

/** A sample of the corpus as a request, at a path of one's own when one is given. */
export function ofSample(sample: Sample, path?: string): ReplayRequest {
  const query = sample.target.includes('?') ? sample.target.slice(sample.target.indexOf('?')) : ''
  const body = sample.body === null ? null : bytes(sample.body)
  const length = body === null ? {} : { 'content-length': String(body.length) }
  const headers = { host: 'localhost', ...BROWSER, ...length, ...sample.headers }
  return {
    id: sample.id,
    method: sample.method,
    target: path === undefined ? sample.target : `${path}${query}`,
    protocol: 'HTTP/1.1',
    headers: Object.entries(headers).flatMap(([name, value]) => [name, bytes(value)]),
    body,
    exact: true,
    was: null,
  }
}

/** A text as its UTF-8 bytes, one character each. */
export function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
