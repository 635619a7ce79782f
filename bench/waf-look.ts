import type { RuleSet } from '#waf'
import type { SampleRequest } from './waf-requests.ts'

let number = 0
const ANSWER = Buffer.from('hello from the protected service\n')

/** One request and its answer through every phase; why it was stopped, or null. */
export function look(set: RuleSet, { head, body }: Pick<SampleRequest, 'head' | 'body'>): string | null {
  const transaction = set.begin({
    uniqueId: `bench-${number++}`,
    now: 1_700_000_000_000,
    client: { address: '192.0.2.1', port: 40_000 },
    server: { address: '192.0.2.2', port: 443, name: 'localhost' },
  })
  const verdict =
    transaction.request(head) ?? (body === null ? null : transaction.bodyPart(body)) ?? transaction.bodyEnd()
  if (verdict === null) {
    transaction.response({ status: 200, protocol: 'HTTP/1.1', headers: ['Content-Type', 'text/plain'] })
    if (transaction.wantsResponseBody()) transaction.responsePart(ANSWER)
    transaction.responseEnd()
  }
  transaction.end()
  return verdict?.message ?? null
}
