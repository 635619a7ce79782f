import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { AssuranceLevel, Caller } from '../kernel/caller.ts'
import type { AuditEvent } from '../kernel/event.ts'
import { errorRecord, type Log } from '../kernel/log.ts'
import type { Permission } from '../kernel/permission.ts'
import { Problem, problemReply, type ProblemCode } from '../kernel/problem.ts'
import type { RequestTarget } from './request-target.ts'

/** A request of either HTTP version, as Node hands it over. */
export type NodeRequest = IncomingMessage | Http2ServerRequest
/** Its response. */
export type NodeResponse = ServerResponse | Http2ServerResponse

/** What is known of a request from its first moment on. */
export interface Exchange {
  readonly requestId: string
  /** Where it came from; never logged. */
  readonly ip: string
  readonly userAgent: string
  /** The declared pattern that answered, for the log; the path itself may hold secrets. */
  pattern: string
  /** The id of the account, key or program that asks, once it is known. */
  client?: string
  /** Headers that the answer carries, whatever it will be. */
  readonly replyHeaders: Record<string, string>
}

/** One request on its way. */
export interface Visit {
  readonly incoming: NodeRequest
  readonly outgoing: NodeResponse
  readonly exchange: Exchange
  /** The security headers, which every answer carries. */
  readonly security: Readonly<Record<string, string>>
  /** Sets them, for an answer of ours; an answer of the service gets them with its own. */
  readonly secure: () => void
  /** Sends `100 Continue` to a client that waits for it before it sends its body. */
  readonly proceed: () => void
  /** Whether the client left or was answered. */
  readonly gone: () => boolean
  /** Calls back once it did, in the order of the asking. */
  readonly onGone: (run: () => void) => void
}

/** A request whose address, host and headers are sound. */
export interface Arrived {
  readonly target: RequestTarget
  readonly host: string
}

/** Where a request comes from, for the record of who did what. */
export interface RequestOrigin {
  readonly ip: string
  readonly userAgent: string
  readonly requestId: string
  /** A request that was let in before is asked about again: a proof that is good once is not asked for. */
  readonly again?: true
}

/** The answer of the one decision function; `why` is safe to show. */
export type AccessDecision =
  | { readonly allow: true }
  | { readonly allow: false; readonly why: string; readonly code: ProblemCode }

/** What the gateway asks of chapter 3. */
export interface AccessDoor {
  /**
   * Who sends this cookie or key; an anonymous caller when nobody does. A request marked `surety-passive: 1` does
   * not count as use of a session.
   */
  identify(request: Request, from: RequestOrigin): Promise<Caller>
  decide(caller: Caller, permission: Permission, level: AssuranceLevel): AccessDecision
  /** The protected service says which permission it let the caller use. */
  used?(caller: Caller, permission: string): void
  /** Whether the caller proved a second factor lately. */
  fresh(caller: Caller): boolean
  /** Whether a page of the session whose cookie came along made this request. */
  provesForm(request: Request): boolean
}

/** Writes an event of the gateway in a transaction of its own. */
export type RecordEvent = (event: AuditEvent) => Promise<void>

/** Answers with the problem, unless the answer has begun: then the connection is cut, so that nobody takes half for whole. */
export function sendProblem(outgoing: NodeResponse, exchange: Exchange, log: Log, error: unknown): void {
  if (outgoing.destroyed || outgoing.writableEnded) return
  if (outgoing.headersSent) {
    outgoing.destroy(error instanceof Error ? error : undefined)
    return
  }
  const { status, headers, body } = problemParts(exchange, log, error)
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value)
  outgoing.statusCode = status
  outgoing.end(body)
}

/** When a client may come back that was refused for a trouble of ours. */
const AGAIN_SECONDS = 5

/** The response that a problem becomes (RFC 9457); what was not expected is logged and shows only its request id. */
export function problemParts(
  exchange: Exchange,
  log: Log,
  error: unknown,
): { readonly status: number; readonly headers: Record<string, string>; readonly body: string } {
  const expected = error instanceof Problem
  if (!expected || error.cause !== undefined)
    log.error({ requestId: exchange.requestId, ...errorRecord(error) }, 'request failed')
  const reply = problemReply(error, exchange.requestId)
  const body = JSON.stringify(reply)
  const soon = reply.status === 503 ? AGAIN_SECONDS : undefined
  const retry = (expected ? error.retryAfterSeconds : undefined) ?? soon
  return {
    status: reply.status,
    body,
    headers: {
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      ...exchange.replyHeaders,
      ...(retry === undefined ? {} : { 'retry-after': String(retry) }),
      ...(reply.status === 401 ? { 'www-authenticate': 'Bearer realm="surety"' } : {}),
    },
  }
}
