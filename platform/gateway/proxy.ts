import { Problem } from '../kernel/problem.ts'
import type { Exchange, NodeRequest, NodeResponse } from './exchange.ts'
import { lookAtAnswer, type HeldAnswer } from './firewall/guard-answer.ts'
import type { HeldBody } from './firewall/guard-body.ts'
import type { Watch } from './firewall/guard.ts'
import { proxiedSecurityHeaders } from './headers.ts'
import type { GatewayLimits } from './limits.ts'
import { requestHeaders, responseHeaders } from './proxy-headers.ts'
import type { Answer } from './upstream/answer.ts'
import { isEventStream } from './upstream/answer-head.ts'
import type { Outcome } from './upstream/sent-request.ts'
import type { Upstream } from './upstream/upstream.ts'

/** What one forwarding needs. */
export interface ProxyJob {
  readonly incoming: NodeRequest
  readonly outgoing: NodeResponse
  readonly exchange: Exchange
  readonly upstream: Upstream
  readonly limits: GatewayLimits
  readonly security: Readonly<Record<string, string>>
  readonly gone: () => boolean
  /** Calls back once the client left or was answered. */
  readonly onGone: (run: () => void) => void
  /** The host that the client asked for, known to be ours. */
  readonly host: string
  readonly identity: string | null
  readonly target: string
  /** The body, which the rules have let through. */
  readonly body: HeldBody
  /** Looks at the answer. */
  readonly watch: Watch
  /** Called with the permission that the service says it let the caller use. */
  readonly used: (permission: string) => void
  /** Called when the response turns out to be an event stream, which ends when its caller no longer stands. */
  readonly endless: () => void
}

/** Forwards a request and begins to send the answer back; throws the `Problem` to answer with when there is none. */
export async function forward(job: ProxyJob): Promise<void> {
  const answer = await ask(job)
  const { headers } = answer.head
  const used = headers['surety-used-permission']
  if (typeof used === 'string') job.used(used)
  if (isEventStream(answer.head)) job.endless()
  else answer.idleMax(job.limits.upstreamIdleMs)
  const looked = lookAtAnswer(job.watch, answer)
  const held = looked instanceof Promise ? await looked : looked
  if (job.gone()) return
  try {
    sendBack(job, answer, held)
  } catch (error) {
    answer.destroy()
    if (!job.outgoing.headersSent) throw error
    cutOff(job.outgoing)
  }
}

/** Where an answer has begun, cutting the connection is the only way to say that it is not whole; HTTP/2 wants to hear of an error. */
function cutOff(outgoing: NodeResponse): void {
  outgoing.destroy('stream' in outgoing ? new Error('the answer broke off') : undefined)
}

/** Sends the request and waits for the head of the answer; where a kept connection was just closed it is sent once more. */
async function ask(job: ProxyJob): Promise<Answer> {
  const { method = '' } = job.incoming
  const first = await askOnce(job, false)
  if (first.kind === 'answered') return first.answer
  const again = job.body.bytes === 0 && (method === 'GET' || method === 'HEAD')
  const closed = first.kind === 'failed' && first.reused
  if (!again || !closed || job.gone()) throw problemOf(first)
  const second = await askOnce(job, true)
  if (second.kind === 'answered') return second.answer
  throw problemOf(second)
}

function problemOf(outcome: Exclude<Outcome, { readonly kind: 'answered' }>): Problem {
  if (outcome.kind === 'late') return new Problem('upstream.timeout', 'The protected service took too long.')
  return new Problem('upstream.unavailable', 'The protected service does not answer.', {
    cause: outcome.error,
  })
}

function askOnce(job: ProxyJob, fresh: boolean): Promise<Outcome> {
  const { incoming, watch, limits, body } = job
  const headers = requestHeaders(incoming.headers, {
    ...job,
    bytes: watch.awaitsBody ? body.bytes : null,
    readable: watch.readsAnswers,
  })
  return new Promise((settled) => {
    const asking = { method: incoming.method ?? 'GET', path: job.target, headers, parts: body.parts }
    const sent = job.upstream.ask(asking, {
      settled,
      written: body.release,
      connectMs: limits.upstreamConnectMs,
      writeMs: limits.requestMs,
      responseMs: limits.upstreamResponseMs,
      fresh,
    })
    job.onGone(() => sent.leave())
  })
}

function sendBack(job: ProxyJob, answer: Answer, held: HeldAnswer): void {
  const { outgoing, incoming } = job
  const { headers, status } = answer.head
  const all = {
    ...responseHeaders(headers),
    ...proxiedSecurityHeaders(job.security, headers),
    ...job.exchange.replyHeaders,
  }
  if (!held.whole) {
    writeHead(outgoing, status, all)
    return streamOn(job, answer, held.parts)
  }
  const bytes = held.parts.reduce((sum, part) => sum + part.length, 0)
  // It is known by now how long it is, however the service told.
  if (incoming.method !== 'HEAD') all['content-length'] = String(bytes)
  writeHead(outgoing, status, all)
  endWithin(job, held.parts)
}

function writeHead(
  outgoing: NodeResponse,
  status: number,
  headers: Readonly<Record<string, string | string[]>>,
): void {
  if ('stream' in outgoing) outgoing.writeHead(status, headers)
  else outgoing.writeHead(status, headers)
}

/** Ends an answer that is held whole; whoever does not take it in that time gives its room back. */
function endWithin({ outgoing, limits, onGone }: ProxyJob, parts: readonly Uint8Array[]): void {
  const slow = setTimeout(() => outgoing.destroy(), limits.requestMs)
  onGone(() => clearTimeout(slow))
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return void outgoing.end(only)
  for (const part of parts) (outgoing as NodeJS.WritableStream).write(part)
  outgoing.end()
}

/** Hands on parts as they come, no faster than the client takes them. */
function streamOn({ outgoing, gone }: ProxyJob, answer: Answer, held: readonly Uint8Array[]): void {
  const out = outgoing as NodeJS.WritableStream
  const write = (part: Uint8Array): void => {
    if (gone() || out.write(part)) return
    answer.pause()
    out.once('drain', () => answer.resume())
  }
  // The client left while something was written: its connection is closed, which gives the answer up.
  out.once('error', () => {})
  let begun = false
  for (const part of held) {
    begun = true
    write(part)
  }
  answer.take({
    part: (part) => {
      begun = true
      write(part)
    },
    end: () => {
      begun = true
      if (!gone()) out.end()
    },
    broken: () => cutOff(outgoing),
  })
  // Headers go out before the first byte is there, so that an event stream opens at once.
  if (!begun && 'flushHeaders' in outgoing) outgoing.flushHeaders()
}
