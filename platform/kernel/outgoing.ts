import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import type { LookupFunction } from 'node:net'

/** A request of ours to another service. */
export interface OutgoingRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** For everything, from the look-up of the name to the last byte. */
  readonly timeoutMs: number
  /** A longer answer is an error. */
  readonly bytesMax: number
  /** How names become addresses; the system's way unless told. */
  readonly lookup?: LookupFunction
}

/** What the other service answered; redirects are answers like any other and are not followed. */
export interface OutgoingAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** Asks another service, bounded in time and size; rejects when it cannot be reached, is too slow or says too much. */
export function askOutside(url: URL, wanted: OutgoingRequest): Promise<OutgoingAnswer> {
  const { method = 'GET', headers = {}, body, timeoutMs, bytesMax, lookup } = wanted
  const request = url.protocol === 'https:' ? requestTls : requestPlain
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const options = { method, headers, signal, agent: false, ...(lookup === undefined ? {} : { lookup }) }
    const sent = request(url, options, (reply) => {
      const chunks: Buffer[] = []
      let bytes = 0
      reply.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > bytesMax) reply.destroy(new Error(`the answer has more than ${bytesMax} bytes`))
        else chunks.push(chunk)
      })
      reply.once('error', reject)
      reply.once('end', () =>
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks) }),
      )
    })
    sent.once('error', reject)
    sent.end(body)
  })
}
