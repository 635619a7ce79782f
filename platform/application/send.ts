import { request as httpsRequest, type Agent } from 'node:https'
import type { IncomingHttpHeaders } from 'node:http'
import type { ProbeTarget } from '../gateway/index.ts'
import { probeAddressHere } from '../kernel/probe-address.ts'

/** A request of a check; the path goes out as it is written. */
export interface ProbeRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What came back, as far as it is looked at. */
export interface ProbeAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly ms: number
}

const WAIT_MS = 10_000
const BODY_BYTES_MAX = 1_000_000

/** Sends one request, from a network of its own where the machine has them; over `agent` connections are kept. */
export function sendProbe(target: ProbeTarget, wanted: ProbeRequest, agent?: Agent): Promise<ProbeAnswer> {
  const from = agent === undefined && target.address.startsWith('127.') ? probeAddressHere() : undefined
  const { body = '' } = wanted
  const headers = {
    host: `${target.name}:${target.port}`,
    'content-length': String(Buffer.byteLength(body)),
    ...wanted.headers,
  }
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const sent = httpsRequest({
      host: target.address,
      port: target.port,
      servername: target.name,
      ...(target.ca === undefined ? {} : { ca: target.ca }),
      ...(from === undefined ? {} : { localAddress: from }),
      agent: agent ?? false,
      method: wanted.method,
      path: wanted.path,
      headers,
    })
    sent.setTimeout(WAIT_MS, () => sent.destroy(new Error('no answer in time')))
    sent.on('error', reject)
    sent.on('response', (got) => {
      let text = ''
      got.setEncoding('utf8')
      got.on('data', (part: string) => {
        if (text.length < BODY_BYTES_MAX) text += part
      })
      got.on('error', reject)
      got.on('end', () => {
        const ms = performance.now() - started
        resolve({ status: got.statusCode ?? 0, headers: got.headers, body: text, ms })
      })
    })
    sent.end(body)
  })
}
