import { readRawRequest, type RuleSet, type Transaction, type TransactionStart } from '#waf'
import type { Observed } from './expectation.ts'
import { reflect, type Reflected } from './reflector.ts'

const START: Omit<TransactionStart, 'uniqueId'> = {
  now: Date.UTC(2026, 0, 1),
  client: { address: '192.0.2.1', port: 40_000 },
  server: { address: '192.0.2.2', port: 443, name: 'localhost' },
}

const NOTHING: Reflected = { status: 400, headers: {}, body: Buffer.alloc(0) }

/** Shows a request to the rules without any network in between. */
export function observeDirectly(rules: RuleSet, text: string, serial: number): Observed {
  const transaction = rules.begin({ ...START, uniqueId: `case-${serial}` })
  const answer = judge(transaction, text)
  const report = transaction.end()
  return {
    // Without a connection there is no status of HTTP's own: only what rules saw is compared.
    status: null,
    error: null,
    answer: answer.body.toString('latin1'),
    matches: report.matches,
  }
}

function judge(transaction: Transaction, text: string): Reflected {
  const { head, body } = readRawRequest(Buffer.from(text, 'latin1'))
  const stopped =
    transaction.request(head) ??
    (body.length > 0 ? transaction.bodyPart(body) : null) ??
    transaction.bodyEnd()
  if (stopped !== null || head.line !== undefined) return NOTHING
  const answer = reflect(head.method, head.target, Buffer.from(body))
  const headers = Object.entries({ ...answer.headers, 'Content-Length': String(answer.body.length) }).flat()
  transaction.response({ status: answer.status, protocol: 'HTTP/1.1', headers })
  if (transaction.wantsResponseBody()) transaction.responsePart(answer.body)
  transaction.responseEnd()
  return answer
}
