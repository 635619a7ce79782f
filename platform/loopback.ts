import { request } from 'node:https'
import { probeAddressHere } from './kernel/probe-address.ts'

/** How long a check waits for an answer, in milliseconds. */
const WAIT_MS = 10_000

/** The running gateway as a client on this machine sees it, over TLS with its certificate checked. */
export interface Loopback {
  request(path: string, init?: RequestInit): Promise<Response>
}

/** Where the gateway listens and which authority vouches for it. */
export interface LoopbackAddress {
  readonly host: string
  readonly port: number
  /** The name in the certificate. */
  readonly name: string
  readonly ca: string | null
}

/**
 * Sends requests through the front door; `where` is asked at each request, since the door opens after its checks are wired.
 * Each comes from a network of its own: the tries of checks never use up what people at this machine may try.
 */
export function openLoopback(where: () => LoopbackAddress): Loopback {
  return { request: (path, init = {}) => send(where(), path, init) }
}

async function send(at: LoopbackAddress, path: string, init: RequestInit): Promise<Response> {
  const from = at.host.startsWith('127.') ? probeAddressHere() : undefined
  const shape = new Request(`https://${at.name}:${at.port}${path}`, init)
  const body = Buffer.from(await shape.arrayBuffer())
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: at.host,
        port: at.port,
        ...(from === undefined ? {} : { localAddress: from }),
        servername: at.name,
        path,
        method: shape.method,
        headers: {
          ...Object.fromEntries(new Headers(init.headers)),
          host: `${at.name}:${at.port}`,
          'content-length': body.length,
        },
        timeout: WAIT_MS,
        agent: false,
        ...(at.ca === null ? {} : { ca: at.ca }),
      },
      (incoming) => {
        const parts: Buffer[] = []
        incoming.on('data', (part: Buffer) => parts.push(part))
        incoming.once('error', reject)
        incoming.once('end', () =>
          resolve(reply(incoming.statusCode ?? 500, incoming.rawHeaders, Buffer.concat(parts))),
        )
      },
    )
    outgoing.once('timeout', () => outgoing.destroy(new Error('the gateway did not answer in time')))
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

function reply(status: number, rawHeaders: readonly string[], body: Buffer): Response {
  const headers = new Headers()
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  const empty = status === 204 || status === 304 || status < 200
  return new Response(empty ? null : new Uint8Array(body), { status: status < 200 ? 200 : status, headers })
}
