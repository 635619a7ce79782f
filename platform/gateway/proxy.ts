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
  /** Tells the client to send its body, once it is known to be wanted (`Expect: 100-continue`). */
  readonly proceed: () => void
  /** Called with the permission that the service says it let the caller use. */
  readonly used: (permission: string) => void
  /** Called when the response turns out to be an event stream, which ends when its caller no longer stands. */
  readonly endless: () => void
}

/** Forwards a request and streams the answer back; throws the `Problem` to answer with when there is none. */
export async function forward(job: ProxyJob): Promise<void> {
  const declared = Number(job.incoming.headers['content-length'] ?? 0)
  if (declared > job.limits.proxiedBodyBytesMax) throw tooLarge(job)
  const answered = await exchangeHeaders(job)
  await sendBack(job, answered)
}

/** Whether the request has a body: HTTP/1.1 says so in its headers, an HTTP/2 stream by not having ended. */
function hasBody(incoming: NodeRequest): boolean {
  if (incoming.headers['content-length'] !== undefined) return incoming.headers['content-length'] !== '0'
  if (incoming.headers['transfer-encoding'] !== undefined) return true
  return 'stream' in incoming && !incoming.stream.endAfterHeaders
}

/** Sends the request and waits for the response's headers; a kept connection that was just closed is tried again once. */
async function exchangeHeaders(job: ProxyJob): Promise<IncomingMessage> {
  const body = hasBody(job.incoming)
  const tries = !body && ['GET', 'HEAD'].includes(job.incoming.method ?? '') ? 2 : 1
  for (let left = tries; ; left -= 1) {
    const outcome = await tryOnce(job, body)
    if (outcome.response !== undefined) return outcome.response
    if (left > 1 && outcome.reused && !job.outgoing.destroyed) continue
    throw outcome.problem
  }
}

type Outcome =
  | { readonly response: IncomingMessage }
  | { readonly response?: undefined; readonly problem: Error; readonly reused: boolean }

function tryOnce(job: ProxyJob, body: boolean): Promise<Outcome> {
  const { incoming, outgoing, limits } = job
  const headers = requestHeaders(incoming.headers, { ...job, host: job.host })
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
    if (!body) sent.end()
    else {
      job.proceed()
      sendBody(job, sent, refuse)
    }
  })
}

function sendBody(job: ProxyJob, sent: ClientRequest, refuse: (problem: Problem) => void): void {
  const { incoming } = job
  let size = 0
  // Written by hand, because `pipeline` would destroy the client's connection before a refusal could be sent on it.
  incoming.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > job.limits.proxiedBodyBytesMax) refuse(tooLarge(job))
    if (sent.destroyed) return
    if (sent.write(chunk)) return
    incoming.pause()
    sent.once('drain', () => incoming.resume())
  })
  incoming.once('end', () => sent.end())
  incoming.once('close', () => {
    if (!incoming.readableEnded) sent.destroy()
  })
}

function tooLarge(job: ProxyJob): Problem {
  return new Problem(
    'request.too-large',
    `A body of at most ${job.limits.proxiedBodyBytesMax} bytes is taken here.`,
  )
}

async function sendBack(job: ProxyJob, response: IncomingMessage): Promise<void> {
  const { outgoing } = job
  const used = response.headers['surety-used-permission']
  if (typeof used === 'string') job.used(used)
  const events = (response.headers['content-type'] ?? '').startsWith('text/event-stream')
  if (events) job.endless()
  else response.setTimeout(job.limits.upstreamIdleMs, () => response.destroy())
  const all = {
    ...responseHeaders(response.headers),
    ...proxiedSecurityHeaders(job.security, response.headers),
    ...job.exchange.replyHeaders,
  }
  for (const [name, value] of Object.entries(all)) outgoing.setHeader(name, value)
  outgoing.statusCode = response.statusCode ?? 502
  // Headers go out before the first byte of the body, so that an event stream opens at once.
  if ('flushHeaders' in outgoing) outgoing.flushHeaders()
  else outgoing.writeHead(outgoing.statusCode)
  try {
    await pipeline(response, outgoing as NodeJS.WritableStream)
  } catch {
    // The answer has begun: cutting the connection is the only way to say that it is not whole.
    response.destroy()
    outgoing.destroy()
  }
}
