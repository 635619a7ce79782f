import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { Problem } from '../kernel/problem.ts'
import type { Exchange } from './exchange.ts'
import type { GatewayLimits } from './limits.ts'
import { requestHeaders, responseHeaders } from './proxy-headers.ts'
import type { Upstream } from './upstream/upstream.ts'

/** What one WebSocket handshake needs. */
export interface UpgradeJob {
  readonly incoming: IncomingMessage
  readonly socket: Duplex
  /** What the client sent beyond its headers. */
  readonly head: Buffer
  readonly exchange: Exchange
  readonly upstream: Upstream
  readonly limits: GatewayLimits
  readonly security: Readonly<Record<string, string>>
  readonly host: string
  readonly identity: string | null
  readonly target: string
}

/** Refuses what is no WebSocket handshake (RFC 6455 §4.2.1); nothing else is upgraded here. */
export function requireWebSocket(incoming: IncomingMessage): void {
  const { headers, method, httpVersion } = incoming
  const fits =
    method === 'GET' &&
    httpVersion === '1.1' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    /^[A-Za-z0-9+/]{22}==$/.test(headers['sec-websocket-key'] ?? '') &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  if (!fits) throw new Problem('request.malformed', 'Only a WebSocket handshake of version 13 is upgraded.')
}

/** Hands the handshake on and, once the service agreed, ties both connections together; returns when they are tied. */
export async function forwardUpgrade(job: UpgradeJob): Promise<void> {
  const { incoming, socket } = job
  const headers = {
    ...requestHeaders(incoming.headers, job),
    connection: 'Upgrade',
    upgrade: 'websocket',
  }
  const answer = await handshake(job, headers)
  if (answer.upgraded === undefined) {
    const { response } = answer
    const status = response.statusCode ?? 502
    response.destroy()
    throw status >= 400 && status < 500
      ? new Problem('access.denied', 'The protected service refused the WebSocket.')
      : new Problem('upstream.unavailable', 'The protected service does not offer this WebSocket.')
  }
  const { upgraded, head, response } = answer
  const reply = { ...job.security, ...responseHeaders(response.headers) }
  socket.write(rawHead('101 Switching Protocols', { ...reply, connection: 'Upgrade', upgrade: 'websocket' }))
  if (head.length > 0) socket.write(head)
  if (job.head.length > 0) upgraded.write(job.head)
  tie(socket, upgraded)
}

type Answer =
  | { readonly upgraded: Duplex; readonly head: Buffer; readonly response: IncomingMessage }
  | { readonly upgraded?: undefined; readonly response: IncomingMessage }

function handshake(job: UpgradeJob, headers: Record<string, string | string[]>): Promise<Answer> {
  const sent = job.upstream.request({ method: 'GET', path: job.target, headers })
  return new Promise<Answer>((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new Problem('upstream.timeout', 'The protected service took too long.'))
      sent.destroy()
    }, job.limits.upstreamResponseMs)
    const leave = (): void => void sent.destroy()
    job.socket.once('close', leave)
    sent.once('upgrade', (response, upgraded, head) => {
      clearTimeout(late)
      job.socket.off('close', leave)
      resolve({ response, upgraded, head })
    })
    sent.once('response', (response) => {
      clearTimeout(late)
      resolve({ response })
    })
    sent.on('error', (cause) => {
      clearTimeout(late)
      reject(new Problem('upstream.unavailable', 'The protected service does not answer.', { cause }))
    })
    sent.end()
  })
}

/** Either side's end or failure ends the other. */
function tie(client: Duplex, service: Duplex): void {
  for (const [from, to] of [
    [client, service],
    [service, client],
  ] as const) {
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
    from.pipe(to)
  }
}

/** A response head for a raw HTTP/1.1 connection; values with line breaks are refused. */
export function rawHead(
  status: string,
  headers: Readonly<Record<string, string | readonly string[]>>,
): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}`),
  )
  if (lines.some((line) => /[\r\n\0]/.test(line))) throw new Error('a response header holds a line break')
  return [`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n')
}
