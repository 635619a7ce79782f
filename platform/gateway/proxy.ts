import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'
import { Problem } from '../kernel/problem.ts'
import type { Exchange, NodeRequest, NodeResponse } from './exchange.ts'
import { lookAtAnswer } from './firewall/guard-answer.ts'
import type { HeldBody } from './firewall/guard-body.ts'
import type { Watch } from './firewall/guard.ts'
import { proxiedSecurityHeaders } from './headers.ts'
import type { GatewayLimits } from './limits.ts'
import { requestHeaders, responseHeaders } from './proxy-headers.ts'

/** Where requests go that the platform does not answer itself, over kept connections. */
export interface Upstream {
  readonly url: URL
  request(options: RequestOptions): ClientRequest
  close(): void
}

/** Opens the connections to the protected service; nothing is connected before the first request. */
export function openUpstream(url: URL, connectionsMax: number): Upstream {
  const secure = url.protocol === 'https:'
  const options = {
    keepAlive: true,
    maxSockets: connectionsMax,
    maxFreeSockets: 64,
    scheduling: 'lifo' as const,
  }
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options)
  const where = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
  }
  const base = url.pathname.replace(/\/$/, '')
  return {
    url,
    close: () => agent.destroy(),
    request: ({ path, ...more }) => {
      const all = { agent, ...where, ...more, path: `${base}${path ?? '/'}`, insecureHTTPParser: false }
      return secure ? httpsRequest(all) : httpRequest(all)
    },
  }
}

/** What one forwarding needs. */
export interface ProxyJob {
  readonly incoming: NodeRequest
  readonly outgoing: NodeResponse
  readonly exchange: Exchange
  readonly upstream: Upstream
  readonly limits: GatewayLimits
  readonly security: Readonly<Record<string, string>>
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

/** Forwards a request and streams the answer back; throws the `Problem` to answer with when there is none. */
export async function forward(job: ProxyJob): Promise<void> {
  const answered = await exchangeHeaders(job)
  await sendBack(job, answered)
}

/** Sends the request and waits for the response's headers; a kept connection that was just closed is tried again once. */
async function exchangeHeaders(job: ProxyJob): Promise<IncomingMessage> {
  const tries = job.body.bytes === 0 && ['GET', 'HEAD'].includes(job.incoming.method ?? '') ? 2 : 1
  for (let left = tries; ; left -= 1) {
    const outcome = await tryOnce(job)
    if (outcome.response !== undefined) return outcome.response
    if (left > 1 && outcome.reused && !job.outgoing.destroyed) continue
    throw outcome.problem
  }
}

type Outcome =
  | { readonly response: IncomingMessage }
  | { readonly response?: undefined; readonly problem: Error; readonly reused: boolean }

function tryOnce(job: ProxyJob): Promise<Outcome> {
  const { incoming, outgoing, limits } = job
  const headers = requestHeaders(incoming.headers, {
    ...job,
    bytes: job.watch.awaitsBody ? job.body.bytes : null,
    readable: job.watch.readsAnswers,
  })
  const sent = job.upstream.request({ method: incoming.method ?? 'GET', path: job.target, headers })
  const leave = (): void => void sent.destroy()
  outgoing.once('close', leave)
  return new Promise<Outcome>((settle) => {
    let refusal: Problem | undefined
    const refuse = (problem: Problem): void => {
      refusal ??= problem
      sent.destroy()
      // A request that still waits for a connection says nothing of its end before it gets one.
      settled({ problem: refusal, reused: false })
    }
    const late = (): void => refuse(new Problem('upstream.timeout', 'The protected service took too long.'))
    const connecting = setTimeout(late, limits.upstreamConnectMs)
    let waiting: NodeJS.Timeout | undefined
    let over = false
    sent.once('socket', (socket) => {
      const connected = (): void => clearTimeout(connecting)
      if (socket.connecting) socket.once('connect', connected)
      else connected()
    })
    sent.once('finish', () => {
      // A service may answer before it has the whole body; then nothing is waited for.
      if (!over) waiting = setTimeout(late, limits.upstreamResponseMs)
    })
    const settled = (outcome: Outcome): void => {
      over = true
      clearTimeout(connecting)
      clearTimeout(waiting)
      settle(outcome)
    }
    sent.once('response', (response) => settled({ response }))
    sent.on('error', (cause) => {
      const unavailable = (): Problem =>
        new Problem('upstream.unavailable', 'The protected service does not answer.', { cause })
      settled({ problem: refusal ?? unavailable(), reused: refusal === undefined && sent.reusedSocket })
    })
    for (const part of job.body.parts) sent.write(part)
    sent.end(job.body.release)
  })
}

/** Ends an answer that is held whole; whoever does not take it in that time gives its room back. */
function endWithin(outgoing: NodeResponse, milliseconds: number): void {
  const slow = setTimeout(() => outgoing.destroy(), milliseconds)
  outgoing.once('close', () => clearTimeout(slow))
  outgoing.end()
}

function sendHead(outgoing: NodeResponse): void {
  if ('flushHeaders' in outgoing) outgoing.flushHeaders()
  else outgoing.writeHead(outgoing.statusCode)
}

async function sendBack(job: ProxyJob, response: IncomingMessage): Promise<void> {
  const { outgoing } = job
  const used = response.headers['surety-used-permission']
  if (typeof used === 'string') job.used(used)
  const events = (response.headers['content-type'] ?? '').startsWith('text/event-stream')
  if (events) job.endless()
  else response.setTimeout(job.limits.upstreamIdleMs, () => response.destroy())
  const held = await lookAtAnswer(job.watch, response)
  const all = {
    ...responseHeaders(response.headers),
    ...proxiedSecurityHeaders(job.security, response.headers),
    ...job.exchange.replyHeaders,
  }
  for (const [name, value] of Object.entries(all)) outgoing.setHeader(name, value)
  outgoing.statusCode = response.statusCode ?? 502
  // Where more is to come, headers go out before its first byte, so that an event stream opens at once; what is there whole goes out at once.
  if (!held.whole) sendHead(outgoing)
  try {
    for (const part of held.parts) (outgoing as NodeJS.WritableStream).write(part)
    if (held.whole) endWithin(outgoing, job.limits.requestMs)
    else await pipeline(response, outgoing as NodeJS.WritableStream)
  } catch {
    // The answer has begun: cutting the connection is the only way to say that it is not whole.
    response.destroy()
    outgoing.destroy()
  }
}
