import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { connect as connectPlain, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { openPool } from './pool.ts'
import { requestText, type Asking } from './request-text.ts'
import { SentRequest, type Call } from './sent-request.ts'

/** Where requests go that the platform does not answer itself, over kept connections. */
export interface Upstream {
  readonly url: URL
  /** Sends a request. */
  ask(asking: Asking, call: Call): Pick<SentRequest, 'leave'>
  /** Begins a WebSocket handshake, which takes its connection over. */
  request(options: RequestOptions): ClientRequest
  close(): void
}

/** Opens the connections to the protected service; nothing is connected before the first request. */
export function openUpstream(url: URL, connectionsMax: number): Upstream {
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const where = { host, port: url.port === '' ? (secure ? 443 : 80) : Number(url.port) }
  // The service proves the name by which it is known here, not the one that the client asked for.
  const named = { ...where, ...(isIP(host) === 0 ? { servername: host } : {}) }
  const dial = () => (secure ? connectTls({ ...named, ALPNProtocols: ['http/1.1'] }) : connectPlain(where))
  const pool = openPool(dial, secure ? 'secureConnect' : 'connect', connectionsMax)
  const agent = secure
    ? new HttpsAgent({ maxSockets: connectionsMax })
    : new HttpAgent({ maxSockets: connectionsMax })
  const base = url.pathname.replace(/\/$/, '')
  return {
    url,
    ask: ({ method, path, headers, parts }, call) => {
      const head = requestText({ method, path: `${base}${path}`, headers, parts })
      return new SentRequest(pool, { method, head, parts }, call)
    },
    request: ({ path, ...more }) => {
      const all = { agent, ...more, path: `${base}${path ?? '/'}`, insecureHTTPParser: false }
      return secure ? httpsRequest({ ...named, ...all }) : httpRequest({ ...where, ...all })
    },
    close: () => {
      agent.destroy()
      pool.close()
    },
  }
}
