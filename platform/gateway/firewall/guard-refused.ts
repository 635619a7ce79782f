import { readRawRequest } from '#waf'
import { errorRecord } from '../../kernel/log.ts'
import type { Exchange } from '../exchange.ts'
import { pathOf, transactionStart, type Connection } from './guard-head.ts'
import type { GuardParts } from './guard.ts'

/**
 * Has the rules look at bytes that HTTP itself refused, so that the log says what they were. The refusal stands, whatever
 * the rules say.
 */
export function lookAtRefused(
  { firewall, clock, log }: Pick<GuardParts, 'firewall' | 'clock' | 'log'>,
  bytes: Uint8Array,
  socket: Connection,
  exchange: Exchange,
): void {
  const { requestId, pattern, ip } = exchange
  const from = performance.now()
  try {
    const { head, body } = readRawRequest(bytes)
    const named = head.headers.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === 'host')
    const host = named < 0 ? undefined : head.headers[named + 1]
    const rules = firewall.for(head.method, pathOf(head.target))
    if (rules === null) return
    const transaction = rules.begin(transactionStart(exchange, socket, host, clock.now()))
    const stopped = transaction.request(head) ?? (body.length > 0 ? transaction.bodyPart(body) : null)
    if (stopped === null) transaction.bodyEnd()
    const ms = performance.now() - from
    const judged = { requestId, method: head.method, pattern, head, status: 400, ip, client: '', ms }
    firewall.report(transaction.end(), judged)
  } catch (error) {
    log.error({ requestId, ...errorRecord(error) }, 'malformed bytes could not be looked at')
  }
}
