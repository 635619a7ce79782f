import type { RequestHead, TransactionStart } from '#waf'
import type { Exchange, NodeRequest } from '../exchange.ts'

/** The head of a request as rules see it: the order and spelling of the wire; HTTP/2 shows `:authority` as `Host`. */
export function requestHead(incoming: NodeRequest): RequestHead {
  const { method = '', url = '', rawHeaders } = incoming
  // Which parser read it, not the number that it says: a client may write HTTP/0.9 or HTTP/2.0 in a first line.
  if (!('stream' in incoming))
    return { method, target: url, protocol: `HTTP/${incoming.httpVersion}`, headers: rawHeaders }
  return { method, target: url, protocol: 'HTTP/2', headers: withHost(rawHeaders) }
}

/** Pseudo-headers are left out, but for the one that HTTP/1.1 has as a header (RFC 9113 §8.3.1). */
function withHost(rawHeaders: readonly string[]): readonly string[] {
  const headers: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]]
    if (name === ':authority') headers.push('Host', value)
    else if (!name.startsWith(':')) headers.push(name, value)
  }
  return headers
}

/** The path of a request target as it was sent, by which its rules are chosen. */
export function pathOf(target: string): string {
  const mark = target.indexOf('?')
  return mark < 0 ? target : target.slice(0, mark)
}

/** The two ends of a connection, as far as they are known. */
export interface Connection {
  readonly remotePort?: number | undefined
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
}

/** What the rules are told of a request before they see it. */
export function transactionStart(
  { requestId, ip }: Pick<Exchange, 'requestId' | 'ip'>,
  socket: Connection,
  host: string | readonly string[] | undefined,
  now: Date,
): TransactionStart {
  const name = typeof host === 'string' ? host.replace(/:\d*$/, '') : ''
  return {
    uniqueId: requestId,
    now: now.getTime(),
    client: { address: ip, port: socket.remotePort ?? 0 },
    server: { address: socket.localAddress ?? '', port: socket.localPort ?? 0, name },
  }
}
