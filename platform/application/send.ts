import type { Agent } from 'node:https'
import { fetchHttp1, type ProbeAnswer, type ProbeTarget } from '../gateway/index.ts'
import { probeAddressHere } from '../kernel/probe-address.ts'

/** A request of a check; the path goes out as it is written. */
export interface ProbeRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends one request, from a network of its own where the machine has them; over `agent` connections are kept. */
export function sendProbe(target: ProbeTarget, wanted: ProbeRequest, agent?: Agent): Promise<ProbeAnswer> {
  const { method, path, body = '' } = wanted
  return fetchHttp1(target, path, {
    method,
    headers: { 'content-length': String(Buffer.byteLength(body)), ...wanted.headers },
    body,
    agent: agent ?? false,
    localAddress: agent === undefined && target.address.startsWith('127.') ? probeAddressHere() : undefined,
  })
}
