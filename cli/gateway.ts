import { existsSync, readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { publicOrigin, type Config } from '../platform/kernel/config.ts'
import { CommandError } from './command.ts'

/** One request to the gateway; a string or bytes are sent as they are. */
export interface GatewayRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** What the gateway answered. */
export interface GatewayAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** The public door, used as everybody uses it. */
export interface Gateway {
  /** What people open, without a trailing slash. */
  readonly origin: string
  send(request: GatewayRequest): Promise<GatewayAnswer>
  close(): void
}

const WAIT_MS = 30_000
const CONNECTIONS_MAX = 32

type Settings = Pick<
  Config,
  'SURETY_HOST' | 'SURETY_LISTEN' | 'SURETY_HTTPS_PORT' | 'SURETY_KEYS' | 'SURETY_TLS_CERT'
>

/** Opens the public door of the system that runs with these settings, trusting its local authority. */
export function openGateway(config: Settings): Gateway {
  const authority = join(config.SURETY_KEYS, 'authority.pem')
  const local = config.SURETY_TLS_CERT === '' && existsSync(authority)
  const origin = publicOrigin(config as Config)
  const anywhere = ['0.0.0.0', '::'].includes(config.SURETY_LISTEN)
  const agent = new Agent({
    keepAlive: true,
    maxSockets: CONNECTIONS_MAX,
    minVersion: 'TLSv1.3',
    // The name in the certificate need not resolve on this machine.
    host: anywhere ? '127.0.0.1' : config.SURETY_LISTEN,
    port: config.SURETY_HTTPS_PORT,
    servername: config.SURETY_HOST,
    ...(local ? { ca: readFileSync(authority) } : {}),
  })
  return { origin, send: (one) => send(agent, origin, one), close: () => agent.destroy() }
}

function send(agent: Agent, origin: string, one: GatewayRequest): Promise<GatewayAnswer> {
  const { hostname, host, port } = new URL(origin)
  const length = one.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(one.body)) }
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        hostname: agent.options.host ?? hostname,
        port: port === '' ? 443 : port,
        method: one.method,
        path: one.path,
        signal: AbortSignal.timeout(WAIT_MS),
        headers: { host, ...length, ...one.headers },
      },
      (reply) => {
        const chunks: Buffer[] = []
        reply.on('data', (chunk: Buffer) => chunks.push(chunk))
        reply.once('error', (error) => reject(unreachable(origin, error)))
        reply.once('end', () =>
          resolve({
            status: reply.statusCode ?? 0,
            headers: reply.headers,
            body: Buffer.concat(chunks),
          }),
        )
      },
    )
    sent.once('error', (error) => reject(unreachable(origin, error)))
    sent.end(one.body)
  })
}

function unreachable(origin: string, error: NodeJS.ErrnoException): CommandError {
  return new CommandError(
    'gateway.unreachable',
    `The gateway at ${origin} did not answer (${error.code ?? error.message}).`,
  )
}
