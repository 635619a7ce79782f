import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from './schema.ts'
import { SuretyError } from './surety-error.ts'

/** One call over the service socket. */
interface SocketCall {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
}

/** How calls are made: addresses, patience and persistence. */
export interface SocketOptions {
  readonly socketPath: string
  readonly token: string
  readonly timeoutMs: number
  readonly triesMax: number
  readonly retryMs: number
}

/** Calls over the service socket; every call is safe to repeat, so passing failures are tried again with backoff. */
export interface ServiceSocket {
  call(call: SocketCall): Promise<unknown>
  close(): void
}

interface Answer {
  readonly status: number
  readonly body: Buffer
}

/** Larger answers are refused rather than held in memory. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024

const problemShape = z.object({ code: z.string().max(100) })

/** Opens the socket lazily: no connection is made before the first call. */
export function serviceSocket(options: SocketOptions): ServiceSocket {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  return {
    call: async (call) => {
      for (let tried = 1; ; tried++) {
        try {
          return parsed(await once(options, agent, call))
        } catch (error) {
          const again = error instanceof SuretyError && error.passing && tried < options.triesMax
          if (!again) throw error
          await pause(options.retryMs * 2 ** (tried - 1))
        }
      }
    },
    close: () => agent.destroy(),
  }
}

function once(options: SocketOptions, agent: Agent, call: SocketCall): Promise<Answer> {
  const body = call.body === undefined ? null : Buffer.from(JSON.stringify(call.body))
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: options.socketPath,
        path: call.path,
        method: call.method,
        agent,
        signal: AbortSignal.timeout(options.timeoutMs),
        headers: {
          host: 'surety',
          authorization: `Bearer ${options.token}`,
          accept: 'application/json',
          ...(body === null
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(body.length) }),
        },
      },
      (reply) => {
        const chunks: Buffer[] = []
        let bytes = 0
        reply.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          bytes += chunk.length
          if (bytes > ANSWER_BYTES_MAX) reply.destroy(new SuretyError('malformed'))
        })
        reply.once('error', (error) => reject(failure(error)))
        reply.once('end', () => resolve({ status: reply.statusCode ?? 0, body: Buffer.concat(chunks) }))
      },
    )
    sent.once('error', (error) => reject(failure(error)))
    sent.end(body ?? undefined)
  })
}

function failure(cause: Error): SuretyError {
  if (cause instanceof SuretyError) return cause
  const late = cause.name === 'TimeoutError' || cause.name === 'AbortError'
  return new SuretyError(late ? 'timeout' : 'unreachable', { cause })
}

function parsed({ status, body }: Answer): unknown {
  let json: unknown
  try {
    json = body.length === 0 ? null : JSON.parse(body.toString('utf8'))
  } catch (cause) {
    if (status < 400) throw new SuretyError('malformed', { cause })
  }
  if (status >= 200 && status < 300) return json
  const problem = problemShape.safeParse(json)
  throw new SuretyError('refused', { status, problem: problem.success ? problem.data.code : null })
}

/** Reads an answer strictly by its schema; `malformed` for any other form. */
export function expectShape<Shape>(schema: z.ZodType<Shape>, answer: unknown): Shape {
  const read = schema.safeParse(answer)
  if (!read.success) throw new SuretyError('malformed', { cause: new Error(z.prettifyError(read.error)) })
  return read.data
}
